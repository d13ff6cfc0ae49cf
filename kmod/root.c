// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's owner on this host: when hv has it, and when it lets go.
 *
 * A core section always finds root or borrows it (svm/root.c, vmx/root.c).
 * What is decided here is whether hv keeps it from one section to the next:
 * from load on (root=load) or while a guest runs (root=demand), and in both
 * only while no other hypervisor's module is there, which would find root taken
 * and refuse to load, or give up what it believes to be its own.  Whatever
 * happens to a CPU (offline, suspend, reboot, kexec, crash), root is off on it
 * first.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <asm/reboot.h>

#include "core/engine.h"
#include "root.h"

static char *root_mode = "demand";
module_param_named(root, root_mode, charp, 0444);
MODULE_PARM_DESC(root, "when VMX or SVM root is held: demand (while a guest runs, the default) or load (always); never while another hypervisor's module is loaded");

/*
 * root_lock, inside the CPUs' read lock: all that follows.  holding is read by
 * the hotplug callbacks without root_lock: it changes under the CPUs' lock alone.
 */
static DEFINE_MUTEX(root_lock);
static unsigned int users;	/* guests that run */
static unsigned long peers;	/* modules of other hypervisors, by peer_names[] */
static unsigned long peers_gone;	/* that have left since hv came */
static bool suspended;
static bool holding;
static bool emergency_ours;	/* the one emergency callback of the kernel is ours */
static int cpuhp_state;

/* Modules that take root of their own. */
static const char *const peer_names[] = { "kvm_amd", "kvm_intel", "vboxdrv", "vmmon" };

static void hold_cpu(void *failed)
{
	if (engine->root_hold())
		atomic_inc(failed);
}

static void drop_cpu(void *unused)
{
	engine->root_drop(false);
}

/*
 * A CPU that somebody else has in root is borrowed all the same: hv needs
 * nobody's leave, and tells no one that it has what it has not.
 */
static void set_holding(bool want)
{
	atomic_t failed = ATOMIC_INIT(0);

	if (want == holding)
		return;
	holding = want;
	if (want)
		on_each_cpu(hold_cpu, &failed, 1);
	else
		on_each_cpu(drop_cpu, NULL, 1);
	if (atomic_read(&failed))
		pr_info("%d CPUs are in %s root of another owner: borrowed, not held\n",
			atomic_read(&failed), engine->name);
}

/* With root_lock. */
static void decide(void)
{
	bool wanted = users || !strcmp(root_mode, "load");

	set_holding(wanted && !peers && !suspended && !READ_ONCE(root_down));
}

static void decide_locked(void)
{
	cpus_read_lock();
	mutex_lock(&root_lock);
	decide();
	mutex_unlock(&root_lock);
	cpus_read_unlock();
}

const char *root_get(void)
{
	const char *why = NULL;

	cpus_read_lock();
	mutex_lock(&root_lock);
	if (READ_ONCE(root_down)) {
		why = "the host is going down: no guest starts any more";
	} else {
		users++;
		decide();
	}
	mutex_unlock(&root_lock);
	cpus_read_unlock();
	return why;
}

void root_put(void)
{
	cpus_read_lock();
	mutex_lock(&root_lock);
	users--;
	decide();
	mutex_unlock(&root_lock);
	cpus_read_unlock();
}

/* CPU hotplug: on the CPU that comes or goes, its tasks not yet there or no longer */

static int cpu_comes(unsigned int cpu)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = engine->cpu_probe();
	if (!err && holding)
		engine->root_hold();
	local_irq_restore(flags);
	if (!err || err == -EBUSY || err == -ESHUTDOWN)
		return 0;
	pr_err("CPU %u cannot enter %s root (%d) and stays offline while hv is loaded\n", cpu,
	       engine->name, err);
	return err;
}

static int cpu_goes(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	engine->root_drop(false);
	local_irq_restore(flags);
	return 0;
}

/*
 * Crash and emergency restart: CPUs are stopped by NMI wherever they are, and a
 * CPU in VMX root blocks the INIT that the next kernel sends, as one with GIF
 * clear does.  There is room for one callback, which is KVM's where KVM is
 * loaded: its callback takes root off whoever turned it on.
 */
static void emergency(void)
{
	WRITE_ONCE(root_down, 1);
	engine->root_drop(true);
}

static void set_emergency(bool want)
{
	if (want == emergency_ours)
		return;
	if (want)
		cpu_emergency_register_virt_callback(emergency);
	else
		cpu_emergency_unregister_virt_callback(emergency);
	emergency_ours = want;
}

/* Other hypervisors: before their module's init runs, and after its exit has */

static void peer_changed(int peer, bool here)
{
	cpus_read_lock();
	mutex_lock(&root_lock);
	if (here && holding)
		pr_info("%s is loading: %s root is borrowed from here on, not held\n",
			peer_names[peer], engine->name);
	__assign_bit(peer, &peers, here);
	__assign_bit(peer, &peers_gone, !here);
	decide();
	set_emergency(!peers);
	mutex_unlock(&root_lock);
	cpus_read_unlock();
}

/* LIVE as well, for one that was between being announced and being found when hv came. */
static int module_changed(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *module = data;
	int peer = match_string(peer_names, ARRAY_SIZE(peer_names), module->name);

	if (peer >= 0)
		peer_changed(peer, state != MODULE_STATE_GOING);
	return NOTIFY_DONE;
}

static struct notifier_block module_notifier = { .notifier_call = module_changed };

/* Those that were there first: built in ones too, which are there for good. */
static unsigned long find_peers(void)
{
	unsigned long found = 0;
	struct kobject *k;
	unsigned int i;

	/* Built in, hv comes before every module. */
	if (IS_BUILTIN(CONFIG_HVMOD))
		return IS_BUILTIN(CONFIG_KVM_AMD) || IS_BUILTIN(CONFIG_KVM_INTEL);
	for (i = 0; i < ARRAY_SIZE(peer_names); i++) {
		k = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, peer_names[i]);
		__assign_bit(i, &found, k);
		kobject_put(k);
	}
	return found;
}

/* Suspend and hibernation: nothing is held from before the CPUs go until they are back. */
static int power_changed(struct notifier_block *nb, unsigned long event, void *data)
{
	suspended = event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE;
	decide_locked();
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = { .notifier_call = power_changed };

/*
 * Reboot, halt, power-off and kexec, device by device from here on.  The IPI
 * finds each CPU between two core sections: what begins after it sees
 * root_down, and a guest that runs into it stops with reason root-lost.
 * KVM's own root is left to KVM.
 */
static int reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	WRITE_ONCE(root_down, 1);
	cpus_read_lock();
	holding = false;
	on_each_cpu(drop_cpu, NULL, 1);
	cpus_read_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = { .notifier_call = reboot };

int root_init(void)
{
	int err;

	if (strcmp(root_mode, "demand") && strcmp(root_mode, "load")) {
		pr_err("root=%s: it is demand or load\n", root_mode);
		return -EINVAL;
	}
	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "hv:root", cpu_comes, cpu_goes);
	if (err < 0)
		return err;
	cpuhp_state = err;
	register_reboot_notifier(&reboot_notifier);
	register_pm_notifier(&power_notifier);
	/* Not under a lock of ours: other notifiers on that chain take the CPUs' lock. */
	register_module_notifier(&module_notifier);
	cpus_read_lock();
	mutex_lock(&root_lock);
	peers |= find_peers() & ~peers_gone;
	set_emergency(!peers);
	decide();
	mutex_unlock(&root_lock);
	cpus_read_unlock();
	if (!strcmp(root_mode, "load"))
		pr_info("%s root is %s\n", engine->name, holding ? "held from now on" :
			"borrowed, not held, while another hypervisor's module is loaded");
	return 0;
}

/* The notifiers first: whoever they told may still be at work until they are gone. */
void root_exit(void)
{
	unregister_module_notifier(&module_notifier);
	unregister_pm_notifier(&power_notifier);
	unregister_reboot_notifier(&reboot_notifier);
	set_emergency(false);
	/* Also drops root on each CPU. */
	cpuhp_remove_state(cpuhp_state);
	holding = false;
}
