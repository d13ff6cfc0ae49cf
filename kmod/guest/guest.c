// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests: the table of all, their life, their states.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <uapi/linux/fcntl.h>

#include "guest/cgroup.h"
#include "guest/guest.h"
#include "guest/life.h"
#include "guest/memory.h"
#include "guest/region.h"
#include "guest/vcpu.h"

unsigned int guest_max = 8192;
module_param_named(max_guests, guest_max, uint, 0644);
MODULE_PARM_DESC(max_guests, "most guests at a time");

unsigned int guest_max_vcpus = 65536;
module_param_named(max_vcpus, guest_max_vcpus, uint, 0644);
MODULE_PARM_DESC(max_vcpus, "most vCPUs of all guests together");

unsigned long guest_max_memory;
module_param_named(max_memory, guest_max_memory, ulong, 0644);
MODULE_PARM_DESC(max_memory, "most memory of all guests together, MiB (0: no limit)");

/*
 * All guests by id, those that are being made included: their names are taken,
 * but nobody finds them yet.  guest_table_lock makes the checks for a name and
 * for the limits one with the insertion.
 */
static DEFINE_XARRAY(guest_table);
static DEFINE_MUTEX(guest_table_lock);
static u64 guest_last_id;
static unsigned int guest_number;
static unsigned int guest_vcpus;	/* of all of them */
static u64 guest_memory;		/* of all of them, bytes */

static struct workqueue_struct *guest_wq;

static void guest_free(struct kref *ref)
{
	struct guest *g = container_of(ref, struct guest, ref);
	unsigned int i;

	platform_destroy(&g->platform);
	for (i = 0; i < g->nr_vcpus; i++)
		vcpu_destroy(g, i);
	handlers_destroy(g);
	memory_destroy(g);
	console_destroy(&g->console);
	for (i = 0; i < g->nr_segments; i++)
		fput(g->segments[i].file);
	kfree(g->segments);
	kfree(g->origin);
	kfree(g->labels);
	kfree(g);
	module_put(THIS_MODULE);
}

struct guest *guest_get(struct guest *g)
{
	kref_get(&g->ref);
	return g;
}

void guest_put(struct guest *g)
{
	kref_put(&g->ref, guest_free);
}

unsigned int guest_count(void)
{
	return READ_ONCE(guest_number);
}

struct guest *guest_by_id(u64 id)
{
	struct guest *g;

	mutex_lock(&guest_table_lock);
	g = id <= ULONG_MAX ? xa_load(&guest_table, id) : NULL;
	g = g && g->born ? guest_get(g) : NULL;
	mutex_unlock(&guest_table_lock);
	return g;
}

struct guest *guest_next_that(u64 id, bool (*is_so)(struct guest *g))
{
	unsigned long index = id;
	struct guest *g;

	mutex_lock(&guest_table_lock);
	g = xa_find(&guest_table, &index, ULONG_MAX, XA_PRESENT);
	while (g && !(g->born && is_so(g)))
		g = xa_find_after(&guest_table, &index, ULONG_MAX, XA_PRESENT);
	if (g)
		guest_get(g);
	mutex_unlock(&guest_table_lock);
	return g;
}

static bool is_any(struct guest *g)
{
	return true;
}

struct guest *guest_next(u64 id)
{
	return guest_next_that(id, is_any);
}

static struct guest *find_name(const char *name)
{
	struct guest *g;
	unsigned long id;

	xa_for_each(&guest_table, id, g)
		if (!strcmp(g->name, name))
			return g;
	return NULL;
}

struct guest *guest_by_name(const char *name)
{
	struct guest *g;

	mutex_lock(&guest_table_lock);
	g = find_name(name);
	g = g && g->born ? guest_get(g) : NULL;
	mutex_unlock(&guest_table_lock);
	return g;
}

u64 guest_resident(struct guest *g)
{
	return READ_ONCE(g->s2.leaf_pages) << PAGE_SHIFT;
}

u64 guest_table_pages(struct guest *g)
{
	return READ_ONCE(g->s2.table_pages);
}

/* Checks of what a guest is to be made from */

static int check_name(const char *name, struct netlink_ext_ack *ack)
{
	static const char accept[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t len = strnlen(name, HV_NAME_MAX + 1);

	if (len > HV_NAME_MAX || strspn(name, accept) != len) {
		NL_SET_ERR_MSG(ack, "a name is 1 to 63 of [A-Za-z0-9_.-]");
		return -EINVAL;
	}
	if (!strcmp(name, ".") || !strcmp(name, "..")) {
		NL_SET_ERR_MSG(ack, "a name may not be '.' or '..'");
		return -EINVAL;
	}
	return 0;
}

static int check_segment(struct guest *g, const struct segment *s, struct netlink_ext_ack *ack)
{
	const unsigned int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	long have = region_memfd_seals(s->file);
	loff_t size = i_size_read(file_inode(s->file));

	if (have < 0 || (have & seals) != seals) {
		NL_SET_ERR_MSG(ack, "a segment's file must be a memfd sealed against write, grow and shrink");
		return -EPERM;
	}
	if (!s->length || s->offset > size || s->length > size - s->offset) {
		NL_SET_ERR_MSG(ack, "a segment reaches beyond its file");
		return -EINVAL;
	}
	if (!guest_region(g, s->gpa, s->length)) {
		NL_SET_ERR_MSG(ack, "a segment lies outside the guest's memory");
		return -EINVAL;
	}
	return 0;
}

static int check_config(struct guest_config *c, struct netlink_ext_ack *ack)
{
	int err = check_name(c->name, ack);

	if (err)
		return err;
	if (c->vcpus > HV_MAX_VCPUS) {
		NL_SET_ERR_MSG(ack, "a guest has at most " __stringify(HV_MAX_VCPUS) " vCPUs");
		return -EINVAL;
	}
	if (!c->has_state) {
		NL_SET_ERR_MSG(ack, "a guest needs vcpu-state to start from");
		return -EINVAL;
	}
	err = guest_check_state(&c->state, ack);
	return err ?: region_check_all(c, ack);
}

/* Creation */

static int take_segments(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	unsigned int i;
	int err;

	for (i = 0; i < c->nr_segments; i++) {
		err = check_segment(g, &c->segments[i], ack);
		if (err)
			return err;
	}
	g->segments = kmemdup(c->segments, array_size(c->nr_segments, sizeof(*c->segments)),
			      GFP_KERNEL_ACCOUNT);
	if (!g->segments && c->nr_segments)
		return -ENOMEM;
	g->nr_segments = c->nr_segments;
	for (i = 0; i < c->nr_segments; i++)
		get_file(g->segments[i].file);
	return 0;
}

static void take_config(struct guest *g, struct guest_config *c)
{
	unsigned int i;

	strscpy(g->name, c->name, sizeof(g->name));
	g->on_reset = c->on_reset;
	g->restart = c->restart;
	g->remove_on_stop = c->remove_on_stop;
	swap(g->labels, c->labels);
	g->bound = c->bond;
	g->boot_state = c->state;
	g->origin = c->origin;
	c->origin = NULL;
	g->vcpus_wanted = max(c->vcpus, 1U);
	for (i = 0; i < c->nr_regions; i++)
		g->memory_size += c->regions[i].size;
	g->platform.debug_exit_port = c->debug_exit_port;
	g->platform.pv = c->pv;
}

/* A local APIC is there once its vCPU is whole: what is half made, guest_free() takes apart. */
static int create_vcpus(struct guest *g, unsigned int nr)
{
	int err;

	while (g->nr_vcpus < nr) {
		err = vcpu_create(g, g->nr_vcpus);
		if (err)
			return err;
		g->nr_vcpus++;
	}
	g->platform.nr_lapics = nr;
	return 0;
}

static void retire(struct work_struct *work);

static struct guest *guest_alloc(struct guest_config *c)
{
	struct guest *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);

	if (!g)
		return NULL;
	kref_init(&g->ref);
	mutex_init(&g->news);
	mutex_init(&g->lock);
	mutex_init(&g->fill_lock);
	init_waitqueue_head(&g->run_wq);
	init_completion(&g->thread_up);
	INIT_LIST_HEAD(&g->bond);
	INIT_WORK(&g->retire, retire);
	ratelimit_state_init(&g->log_limit, 5 * HZ, 10);
	g->owner = current_uid();
	g->created_at = ktime_get_real_ns();
	take_config(g, c);
	platform_init(&g->platform);
	handlers_init(g);
	__module_get(THIS_MODULE);
	return g;
}

static int build(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	int err = console_init(&g->console);

	if (!err)
		err = memory_create(g, c, ack);
	if (!err)
		err = take_segments(g, c, ack);
	if (!err)
		err = create_vcpus(g, g->vcpus_wanted);
	g->kernel_memory = sizeof(*g) + (g->origin ? strlen(g->origin) + 1 : 0) +
			   g->nr_segments * sizeof(*g->segments) + g->nr_vcpus * vcpu_footprint() +
			   (g->apic_page ? PAGE_SIZE : 0);
	return err;
}

/* Two words, as in 'brave-otter'; a number behind them once they have run out. */
static void make_name(struct guest *g)
{
	static const char * const first[] = {
		"amber", "bold", "brave", "bright", "calm", "clever", "cool", "eager",
		"fair", "fleet", "gentle", "glad", "keen", "kind", "light", "lively",
		"lucky", "merry", "mild", "neat", "noble", "proud", "quick", "quiet",
		"rapid", "sharp", "solid", "steady", "sunny", "swift", "warm", "wise",
	};
	static const char * const second[] = {
		"badger", "beaver", "bison", "crane", "dolphin", "eagle", "falcon", "finch",
		"fox", "gecko", "hare", "heron", "ibex", "jay", "koala", "lark",
		"lemur", "lynx", "marten", "mole", "newt", "orca", "otter", "owl",
		"panda", "puffin", "raven", "robin", "seal", "stork", "tapir", "wren",
	};
	u32 dice = get_random_u32();

	scnprintf(g->name, sizeof(g->name), "%s-%s", first[dice % ARRAY_SIZE(first)],
		  second[(dice >> 8) % ARRAY_SIZE(second)]);
	if (find_name(g->name))
		scnprintf(g->name, sizeof(g->name), "%s-%s-%llu", first[dice % ARRAY_SIZE(first)],
			  second[(dice >> 8) % ARRAY_SIZE(second)], guest_last_id + 1);
}

/* @size bytes more, of all guests together. guest_table_lock held. */
static int check_memory_limit(u64 size, struct netlink_ext_ack *ack)
{
	u64 most = (u64)READ_ONCE(guest_max_memory) << 20;

	if (!most || guest_memory + size <= most)
		return 0;
	NL_SET_ERR_MSG(ack, "all guests together would have more memory than the module's parameter max_memory allows");
	return -ENOSPC;
}

static int check_limits(struct guest *g, struct netlink_ext_ack *ack)
{
	if (guest_number >= READ_ONCE(guest_max)) {
		NL_SET_ERR_MSG(ack, "as many guests exist as the module's parameter max_guests allows");
		return -ENOSPC;
	}
	if (guest_vcpus + g->vcpus_wanted > READ_ONCE(guest_max_vcpus)) {
		NL_SET_ERR_MSG(ack, "all guests together would have more vCPUs than the module's parameter max_vcpus allows");
		return -ENOSPC;
	}
	return check_memory_limit(g->memory_size, ack);
}

static int check_table(struct guest *g, struct netlink_ext_ack *ack)
{
	int err = check_limits(g, ack);

	if (err)
		return err;
	if (!g->name[0])
		make_name(g);
	if (find_name(g->name)) {
		NL_SET_ERR_MSG(ack, "a guest of that name exists");
		return -EEXIST;
	}
	return 0;
}

/* What @g counts for, from its reservation on until it goes. guest_table_lock held. */
static void account(struct guest *g, int sign)
{
	guest_number += sign;
	guest_vcpus += sign * (int)g->vcpus_wanted;
	guest_memory += sign * (s64)g->memory_size;
}

int guest_grow(struct guest *g, u64 size, struct netlink_ext_ack *ack)
{
	int err;

	mutex_lock(&guest_table_lock);
	err = check_memory_limit(size, ack);
	if (!err) {
		g->memory_size += size;
		guest_memory += size;
	}
	mutex_unlock(&guest_table_lock);
	return err;
}

void guest_shrink(struct guest *g, u64 size)
{
	mutex_lock(&guest_table_lock);
	g->memory_size -= size;
	guest_memory -= size;
	mutex_unlock(&guest_table_lock);
}

/* Its id, its name and its share of the limits, before the work begins. */
static int reserve(struct guest *g, struct netlink_ext_ack *ack)
{
	int err;

	mutex_lock(&guest_table_lock);
	err = check_table(g, ack);
	if (!err) {
		g->id = guest_last_id + 1;
		err = xa_err(xa_store(&guest_table, g->id, g, GFP_KERNEL));
	}
	if (!err) {
		guest_last_id++;
		account(g, 1);
	}
	mutex_unlock(&guest_table_lock);
	return err;
}

static void unreserve(struct guest *g)
{
	mutex_lock(&guest_table_lock);
	xa_erase(&guest_table, g->id);
	account(g, -1);
	mutex_unlock(&guest_table_lock);
}

/* The guest becomes visible, whole; the table's reference is the one it was made with. */
static void publish(struct guest *g, struct guest_config *c)
{
	mutex_lock(&guest_table_lock);
	g->born = true;
	if (c->bond)
		list_add(&g->bond, &c->bond->guests);
	guest_get(g);
	mutex_unlock(&guest_table_lock);
}

struct guest *guest_create(struct guest_config *c, struct netlink_ext_ack *ack)
{
	struct guest *g;
	int err;

	err = check_config(c, ack);
	if (err)
		return ERR_PTR(err);
	g = guest_alloc(c);
	if (!g)
		return ERR_PTR(-ENOMEM);
	err = reserve(g, ack);
	if (err)
		goto out_put;
	err = build(g, c, ack);
	if (err)
		goto out_reserved;
	publish(g, c);
	api_announce(g);
	return g;

out_reserved:
	unreserve(g);
out_put:
	guest_put(g);
	return ERR_PTR(err);
}

void guest_config_put(struct guest_config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_segments; i++)
		if (c->segments[i].file)
			fput(c->segments[i].file);
	for (i = 0; i < c->nr_regions; i++)
		if (c->regions[i].file)
			fput(c->regions[i].file);
	c->nr_segments = 0;
	kfree(c->origin);
	c->origin = NULL;
	c->nr_regions = 0;
	kfree(c->labels);
	c->labels = NULL;
	if (c->bond_file)
		fput(c->bond_file);
	c->bond_file = NULL;
}

/* Removal */

/* @g->lock held: it does not run, and will not. */
static void erase(struct guest *g)
{
	mutex_lock(&guest_table_lock);
	g->dead = true;
	xa_erase(&guest_table, g->id);
	account(g, -1);
	list_del_init(&g->bond);
	mutex_unlock(&guest_table_lock);
}

/* Not on a vCPU's thread, which the last reference would have to wait for. */
int guest_remove(struct guest *g, struct netlink_ext_ack *ack)
{
	int err = life_remove(g, ack, erase);

	if (err)
		return err;
	console_set_ended(&g->console, true);
	handlers_end(g);
	api_announce(g);
	guest_put(g);
	return 0;
}

/* The workqueue's thread. A doomed guest starts no more, so this comes to an end. */
static void retire(struct work_struct *work)
{
	struct guest *g = container_of(work, struct guest, retire);

	while (READ_ONCE(g->doomed) && guest_kill(g, NULL) == -ETIMEDOUT)
		;
	guest_remove(g, NULL);
	guest_put(g);
}

void guest_retire(struct guest *g)
{
	guest_get(g);
	if (!queue_work(guest_wq, &g->retire))
		guest_put(g);
}

void guest_bond_init(struct guest_bond *bond)
{
	INIT_LIST_HEAD(&bond->guests);
}

void guest_bond_break(struct guest_bond *bond)
{
	struct guest *g, *next;

	mutex_lock(&guest_table_lock);
	list_for_each_entry_safe(g, next, &bond->guests, bond) {
		list_del_init(&g->bond);
		WRITE_ONCE(g->doomed, true);
		guest_retire(g);
	}
	mutex_unlock(&guest_table_lock);
}

int guest_init(void)
{
	int err;

	guest_wq = alloc_workqueue("hv", WQ_UNBOUND, 0);
	if (!guest_wq)
		return -ENOMEM;
	err = memory_init();
	if (err)
		destroy_workqueue(guest_wq);
	return err;
}

/* No guest is left, but the work that dropped the last reference may not have returned. */
void guest_exit(void)
{
	guest_cgroup_exit();
	destroy_workqueue(guest_wq);
	memory_exit();
	xa_destroy(&guest_table);
}
