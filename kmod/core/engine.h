/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the core and what enters the guest.  Chosen once at load.
 *
 * An engine turns an exit into a struct exit and knows nothing of policy;
 * nothing above it may assume a VMCS, a VMCB, or that exits come from hardware.
 */
#ifndef HV_CORE_ENGINE_H
#define HV_CORE_ENGINE_H

#include <linux/static_call.h>

#include "core/vcpu.h"
#include "mmu/s2.h"

/**
 * struct engine_ops - one way to run a guest
 * @name: for people
 * @id: enum hv_engine
 * @s2_format: of its second-level tables
 * @vcpu_size: of its struct that begins with a struct vcpu
 * @unsupported: NULL, or a sentence that says why this host cannot. Thread.
 * @setup: once at load; @teardown undoes it. Thread.
 * @teardown: see @setup
 * @cpu_probe: enter and leave root on this CPU: 0; -EBUSY: so it did, borrowing
 *             from another owner; -EOPNOTSUPP: the firmware has it off; -ENODEV:
 *             it lacks what the boot CPU has. Interrupts off.
 * @root_hold: stay in root on this CPU between core sections: 0, or -EBUSY
 *             where another owner has it. Interrupts off, no section.
 * @root_drop: leave nothing of hv's on this CPU, root included if it was held;
 *             in an emergency whoever has it. Interrupts off, no section; in an
 *             emergency any context, NMI too.
 * @info: HV_FEATURE_* bits. Any context.
 * @vcpu_init: allocate a control block; @vcpu_free undoes it. Thread.
 * @vcpu_free: see @vcpu_init
 * @set_state: initial architectural state, the rest to reset values; on @init
 *             what an INIT leaves alone stays: the MSRs for SYSCALL and SYSENTER,
 *             PAT. Not running.
 * @get_state: read it. Not running.
 * @put_state: replace what @get_state reads, and nothing else. Not running.
 *
 * The rest is core, interrupts off, on the vCPU's task:
 *
 * @root_take: root on this CPU, held or borrowed; false where it is not to be had
 * @root_give: restore exactly what @root_take found, and leave no guest's
 *             translation that another owner's guest might meet
 * @run: enter the guest, and decode the exit into v->exit
 * @can_interrupt: the guest would take an external interrupt now
 * @window: ask for EXIT_WINDOW as soon as it would (or no longer)
 * @nmi_window: ask for EXIT_IRET when the guest's NMI handler returns (or no longer); on
 *              VMX also when the shadow of MOV SS ends
 * @iret: EXIT_IRET came. True: the IRET has yet to run, with NMIs blocked, and another
 *        EXIT_IRET comes behind it
 * @single_step: set DR6.BS: a trap after an instruction that the core stepped over
 * @flush: drop cached translations of the guest before the next entry
 * @load_debug: let the guest have the debug registers until root_give
 * @cr: control register 0, 3 or 4
 * @set_cr: 0 or 4, already checked; 0 only where its writes exit
 * @efer: as the guest sees it
 * @set_efer: already checked
 * @cpl: current privilege level
 * @segment: segment register
 * @pat: page attribute table
 * @set_pat: already checked
 * @set_tsc_offset: v->tsc_offset changed
 */
struct engine_ops {
	const char *name;
	u32 id;
	const struct s2_format *s2_format;
	size_t vcpu_size;
	const char *(*unsupported)(void);
	int (*setup)(void);
	void (*teardown)(void);
	int (*cpu_probe)(void);
	int (*root_hold)(void);
	void (*root_drop)(bool emergency);
	u32 (*info)(void);
	int (*vcpu_init)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);
	void (*set_state)(struct vcpu *v, const struct hv_vcpu_state *state, bool init);
	void (*get_state)(struct vcpu *v, struct hv_vcpu_state *state);
	void (*put_state)(struct vcpu *v, const struct hv_vcpu_state *state);
	bool (*root_take)(struct vcpu *v);
	void (*root_give)(struct vcpu *v);
	void (*run)(struct vcpu *v);
	bool (*can_interrupt)(struct vcpu *v);
	void (*window)(struct vcpu *v, bool open);
	void (*nmi_window)(struct vcpu *v, bool open);
	bool (*iret)(struct vcpu *v);
	void (*single_step)(struct vcpu *v);
	void (*flush)(struct vcpu *v);
	void (*load_debug)(struct vcpu *v);
	u64 (*cr)(struct vcpu *v, unsigned int nr);
	void (*set_cr)(struct vcpu *v, unsigned int nr, u64 value);
	u64 (*efer)(struct vcpu *v);
	void (*set_efer)(struct vcpu *v, u64 value);
	unsigned int (*cpl)(struct vcpu *v);
	void (*segment)(struct vcpu *v, enum hv_seg seg, struct hv_segment *s);
	u64 (*pat)(struct vcpu *v);
	void (*set_pat)(struct vcpu *v, u64 value);
	void (*set_tsc_offset)(struct vcpu *v);
};

/*
 * What the core calls on its way is patched into direct calls at load: under
 * retpolines an indirect one costs more than most of these do.
 */
#define ENGINE_CALL(op) DECLARE_STATIC_CALL(engine_##op, *((struct engine_ops *)NULL)->op)
#include "core/engine_calls.h"
#undef ENGINE_CALL

extern const struct engine_ops svm_engine;
extern const struct engine_ops vmx_engine;

/* The host's engine; NULL before engine_init() and where there is none. */
extern const struct engine_ops *engine;

/*
 * The host goes down: root is not taken again, and an instruction that needs it
 * may fault, because it was taken away in the middle.  A byte, for entry.S.
 */
extern u8 root_down;

/* Choose and set up at load: 0, or -ENODEV/-EOPNOTSUPP/-ENOMEM with a line in the log. Thread. */
int engine_init(void);
void engine_exit(void);

/* Fill in engine, features, host_cpus and tsc_khz. Any context. */
void engine_info(struct hv_info *info);

/* Run @v until something needs the host side. Thread context, interrupts on. */
enum outcome core_run(struct vcpu *v);

/*
 * Every register to its value after a reset; vCPU 0 may run and has @boot, the
 * others wait for a start-up message.  Thread context, no vCPU runs.
 */
void core_reset(struct vcpu *v, const struct hv_vcpu_state *boot);

/* A processor after power-up (SDM vol. 3, 'Processor State After Reset'). */
extern const struct hv_vcpu_state core_reset_state;

/* OUT_MP: take the INIT or the start-up message. Thread context, on the vCPU's task. */
void core_mp(struct vcpu *v);

/*
 * Time stood still for @ticks of the host's TSC: the guest's goes on where it
 * stopped.  The same for all vCPUs, or they part.  Thread context, no vCPU runs.
 */
void core_go_on(struct vcpu *v, u64 ticks);

/* Is there something that ends a halt? On the vCPU's task. */
bool core_has_work(struct vcpu *v);

#endif /* HV_CORE_ENGINE_H */
