/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core calls on its way: a list, included wherever ENGINE_CALL() says
 * what to make of it.  No include guard.
 */
ENGINE_CALL(root_take);
ENGINE_CALL(root_give);
ENGINE_CALL(run);
ENGINE_CALL(can_interrupt);
ENGINE_CALL(window);
ENGINE_CALL(nmi_window);
ENGINE_CALL(iret);
ENGINE_CALL(single_step);
ENGINE_CALL(flush);
ENGINE_CALL(load_debug);
ENGINE_CALL(cr);
ENGINE_CALL(set_cr);
ENGINE_CALL(efer);
ENGINE_CALL(set_efer);
ENGINE_CALL(cpl);
ENGINE_CALL(segment);
ENGINE_CALL(pat);
ENGINE_CALL(set_pat);
ENGINE_CALL(set_tsc_offset);
