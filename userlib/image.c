// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What kind of image is this?
 *
 * A flat binary looks like anything, so everything that is known to be
 * something else is refused by name before an image counts as one.
 */
#include <ctype.h>
#include <string.h>

#include "boot.h"

#define SNIFF_LEN	512

struct magic {
	size_t offset;
	size_t len;
	const char *bytes;
	const char *what;
};

/* First match decides: what is more specific stands first. */
static const struct magic magics[] = {
	{ 0, 4, "\x7f" "ELF", "is an ELF file, which hv cannot load yet: give a bzImage or a flat binary" },
	{ 0, 4, "QFI\xfb", "is a qcow2 disk, and hv cannot boot disks yet: give a bzImage or a flat binary" },
	{ 512, 8, "EFI PART", "is a disk, and hv cannot boot disks yet: give a bzImage or a flat binary" },
	{ 32769, 5, "CD001", "is a CD image, and hv cannot boot disks yet: give a bzImage or a flat binary" },
	{ 0, 2, "MZ", "is an EFI program or a cut-off kernel, and no bzImage" },
	{ 510, 2, "\x55\xaa", "is a boot sector or a disk, and hv cannot boot disks yet: give a bzImage or a flat binary" },
	{ 0, 2, "\x1f\x8b", "is compressed with gzip: give a bzImage, which unpacks itself" },
	{ 0, 6, "\xfd" "7zXZ\0", "is compressed with xz: give a bzImage, which unpacks itself" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "is compressed with zstd: give a bzImage, which unpacks itself" },
	{ 0, 6, "070701", "is a cpio archive: an initial RAM disk, no kernel" },
	{ 0, 7, "!<arch>", "is an archive, no kernel" },
	{ 0, 4, "PK\003\004", "is a zip archive, no kernel" },
};

static const struct magic *find_magic(const uint8_t *image, size_t len)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (len >= m->offset + m->len && !memcmp(image + m->offset, m->bytes, m->len))
			return m;
	}
	return NULL;
}

static bool is_text(const uint8_t *image, size_t len)
{
	if (len > SNIFF_LEN)
		len = SNIFF_LEN;
	for (size_t i = 0; i < len; i++)
		if (!isprint(image[i]) && !isspace(image[i]))
			return false;
	return true;
}

/* No program begins so, but a file whose contents a crash has lost does. */
static bool is_zero(const uint8_t *image, size_t len)
{
	if (len > 16)
		len = 16;
	for (size_t i = 0; i < len; i++)
		if (image[i])
			return false;
	return true;
}

/**
 * boot_detect() - find out what an image is
 * @plan: takes the sentence
 * @in: the image
 * @image: result
 *
 * Return: 0, or -ENOEXEC with a sentence.
 */
int boot_detect(struct boot_plan *plan, const struct boot_input *in, enum boot_image *image)
{
	const struct magic *magic;

	if (!in->kernel_len)
		return boot_refuse(plan, "the image is empty");
	*image = BOOT_BZIMAGE;
	if (boot_is_bzimage(in->kernel, in->kernel_len))
		return 0;
	magic = find_magic(in->kernel, in->kernel_len);
	if (magic)
		return boot_refuse(plan, "the image %s", magic->what);
	if (is_text(in->kernel, in->kernel_len))
		return boot_refuse(plan, "the image is a text file, no kernel");
	if (is_zero(in->kernel, in->kernel_len))
		return boot_refuse(plan, "the image begins with zeros: it is no kernel");
	*image = BOOT_FLAT_BINARY;
	return 0;
}
