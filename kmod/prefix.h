/* SPDX-License-Identifier: GPL-2.0-only */
/* Every line in the log begins with the module's name. Included before everything else. */
#ifndef HV_PREFIX_H
#define HV_PREFIX_H

#define pr_fmt(fmt) "hv: " fmt

#endif /* HV_PREFIX_H */
