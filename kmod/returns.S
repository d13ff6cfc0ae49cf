/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included by the engines' entry.S.
 *
 * All of the return buffer filled as FILL_RETURN_BUFFER does it, but not in a loop: 34
 * instructions instead of 82.  For ALTERNATIVE, whose replacement may have 255 bytes.
 */
.macro HV_FILL_RETURNS
	.rept RSB_CLEAR_LOOPS
	__FILL_RETURN_SLOT
	.endr
	add	$(8 * RSB_CLEAR_LOOPS), %rsp
	lfence
	CREDIT_CALL_DEPTH
.endm
