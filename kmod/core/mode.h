/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the vCPU, the decoder and the walker name alike.
 */
#ifndef HV_CORE_MODE_H
#define HV_CORE_MODE_H

enum hv_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, NR_SEGS };

/* CPU mode, for decoding: default operand and address size. */
enum cpu_mode { MODE_REAL, MODE_16, MODE_32, MODE_64 };

#endif /* HV_CORE_MODE_H */
