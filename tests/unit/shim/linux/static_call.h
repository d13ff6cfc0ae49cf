/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations of static calls are read, and none is made. */
#define DECLARE_STATIC_CALL(name, func) struct mock_static_call
