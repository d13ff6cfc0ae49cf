# SPDX-License-Identifier: LGPL-2.1-or-later
# The docstrings of a header, as mdoc.
#
# usage: awk -f docs.awk [-v kind=struct|function|ioctl] HEADER
#
#   function  each function with its docstring, by the header's own sections
#   struct    each structure or enumeration with its docstring
#   ioctl     each request with its argument

function escape(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# A line of input for each sentence, and none too long.  A dot or a quote at a
# line's start would be mdoc's own.
function put(text, words, count, i, line)
{
	count = split(escape(text), words, / +/)
	line = ""
	for (i = 1; i <= count; i++) {
		if (line != "" && (length(line) + length(words[i]) > 76 || line ~ /[.]$/)) {
			print line
			line = ""
		}
		if (line == "" && words[i] ~ /^[.']/)
			line = "\\&"
		line = line (line == "" || line == "\\&" ? "" : " ") words[i]
	}
	if (line != "")
		print line
}

# What stands behind the name in a docstring's first line.
function summary(line)
{
	sub(/^[^-]* - /, "", line)
	return line
}

function end_item()
{
	if (in_items)
		print ".El"
	in_items = 0
}

# A paragraph or the description of a parameter is over.
function flush_text()
{
	put(text)
	text = ""
}

function begin_item(line, name)
{
	flush_text()
	if (!in_items)
		print ".Bl -tag -width Ds -compact"
	in_items = 1
	while (match(line, /^@[A-Za-z0-9_]+/)) {
		name = substr(line, 2, RLENGTH - 1)
		print ".It Fa " name
		line = substr(line, RLENGTH + 1)
		sub(/^, */, "", line)
	}
	sub(/^: */, "", line)
	text = line
}

# Prints the lines of a docstring behind the first.
function put_doc(i, line)
{
	text = ""
	for (i = 2; i <= n; i++) {
		line = doc[i]
		if (line ~ /^@[A-Za-z]/) {
			begin_item(line)
		} else if (line == "") {
			flush_text()
			end_item()
			blank = 1
		} else {
			if (blank)
				print ".Pp"
			sub(/^ +/, "", line)
			text = text (text == "" ? "" : " ") line
		}
		if (line != "")
			blank = 0
	}
	flush_text()
	end_item()
	blank = 0
}

# "HVCTL_API int f(struct a *b, int c);" to Ft and Fn, within 80 columns.
function put_prototype(line, type, name, args, list, count, i)
{
	gsub(/[ \t]+/, " ", line)
	sub(/^HVCTL_API /, "", line)
	match(line, /hvctl_[a-z0-9_]+\(/)
	type = substr(line, 1, RSTART - 1)
	name = substr(line, RSTART, RLENGTH - 1)
	args = substr(line, RSTART + RLENGTH)
	sub(/\) *;.*/, "", args)
	sub(/ +$/, "", type)
	print ".It Xo\n.Ft " type "\n.Fo " name
	count = split(args, list, / *, */)
	for (i = 1; i <= count; i++)
		print ".Fa \"" list[i] "\""
	print ".Fc\n.Xc"
}

function open_list()
{
	if (!listed)
		print ".Bl -tag -width Ds"
	listed = 1
}

function close_list()
{
	if (listed)
		print ".El"
	listed = 0
}

/^\/\*\*$/ { in_doc = 1; n = 0; next }
in_doc && /^ \*\/$/ { in_doc = 0; ready = 1; next }
in_doc { line = $0; sub(/^ \* ?/, "", line); doc[++n] = line; next }

# A section of the header: a comment of one line between declarations.
kind == "function" && /^\/\* [A-Z][a-z ,]*\*\/$/ && seen_api {
	line = $0
	gsub(/^\/\* | \*\/$/, "", line)
	section = line
}
/^#define HVCTL_STATE_NONE/ { seen_api = 1 }

kind == "struct" && ready && /^(struct|enum) [a-z_]+ \{/ {
	open_list()
	print ".It Vt " $1 " " $2
	put(summary(doc[1]) ".")
	put_doc()
	ready = 0
	next
}

kind == "function" && ready && /^HVCTL_API/ { prototype = ""; collecting = 1 }
collecting { prototype = prototype " " $0 }
collecting && /;/ {
	collecting = 0
	sub(/^ /, "", prototype)
	if (section != "") {
		close_list()
		print ".Ss " section
		section = ""
	}
	open_list()
	put_prototype(prototype)
	put(summary(doc[1]) ".")
	put_doc()
	ready = 0
	next
}

kind == "ioctl" && /^#define HV_[A-Z_]+[ \t]+_IO/ {
	open_list()
	argument = $0
	gsub(/.*, |\).*/, "", argument)
	print ".It Dv " $2 " Vt " argument
	remark = $0
	if (sub(/.*\/\* /, "", remark)) {
		sub(/ \*\/.*/, "", remark)
		put(remark)
	}
}

# A docstring that belongs to nothing that this prints.
ready && !collecting && NF && !/^\/\*/ { ready = 0 }

END { close_list() }
