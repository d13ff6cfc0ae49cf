// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests: the table of all, their life, their states.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <uapi/linux/fcntl.h>

#include "guest/guest.h"
#include "guest/memory.h"
#include "guest/vcpu.h"

unsigned int guest_max = 8192;
module_param_named(max_guests, guest_max, uint, 0644);
MODULE_PARM_DESC(max_guests, "most guests at a time");

/* All guests by id. guest_table_lock makes checks for a name and its insertion one. */
static DEFINE_XARRAY(guest_table);
static DEFINE_MUTEX(guest_table_lock);
static u64 guest_last_id;
static unsigned int guest_number;

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
	if (g)
		guest_get(g);
	mutex_unlock(&guest_table_lock);
	return g;
}

struct guest *guest_next(u64 id)
{
	unsigned long index = id;
	struct guest *g;

	mutex_lock(&guest_table_lock);
	g = xa_find(&guest_table, &index, ULONG_MAX, XA_PRESENT);
	if (g)
		guest_get(g);
	mutex_unlock(&guest_table_lock);
	return g;
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
	if (g)
		guest_get(g);
	mutex_unlock(&guest_table_lock);
	return g;
}

/* Memory regions */

struct region *guest_region(struct guest *g, u64 gpa, u64 size)
{
	unsigned int i;

	for (i = 0; i < g->nr_regions; i++) {
		struct region *r = &g->regions[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size && size <= r->size - (gpa - r->gpa))
			return r;
	}
	return NULL;
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

/* A memfd's seals, or -EINVAL where @file is none: it is a file of tmpfs then. */
static long memfd_seals(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (inode->i_sb->s_magic != TMPFS_MAGIC || !S_ISREG(inode->i_mode))
		return -EINVAL;
	return READ_ONCE(SHMEM_I(inode)->seals);
}

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

/* Devices live in [MEMMAP_LOW_END, MEMMAP_HIGH_START). */
static bool region_valid(const struct region *r)
{
	if (!r->size || !PAGE_ALIGNED(r->gpa) || !PAGE_ALIGNED(r->size))
		return false;
	if (r->gpa + r->size < r->gpa || r->gpa + r->size > BIT_ULL(S2_GPA_BITS))
		return false;
	return r->gpa + r->size <= MEMMAP_LOW_END || r->gpa >= MEMMAP_HIGH_START;
}

/*
 * It must not shrink under the guest, and the guest must be able to write it
 * as its creator could.
 */
static int check_shared(const struct region *r, struct netlink_ext_ack *ack)
{
	long seals = memfd_seals(r->file);
	loff_t size = i_size_read(file_inode(r->file));

	if (seals < 0 || !(seals & F_SEAL_SHRINK)) {
		NL_SET_ERR_MSG(ack, "a region's file must be a memfd sealed against shrinking (F_SEAL_SHRINK)");
		return -EPERM;
	}
	if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) || !(r->file->f_mode & FMODE_WRITE)) {
		NL_SET_ERR_MSG(ack, "a region's memfd must be open for writing and not sealed against it");
		return -EPERM;
	}
	if (!PAGE_ALIGNED(r->offset) || r->offset > size || r->size > size - r->offset) {
		NL_SET_ERR_MSG(ack, "a region is whole pages of its memfd and ends within it");
		return -EINVAL;
	}
	return 0;
}

static bool regions_overlap(const struct region *a, const struct region *b)
{
	return a->gpa < b->gpa + b->size && b->gpa < a->gpa + a->size;
}

static int check_regions(struct guest_config *c, struct netlink_ext_ack *ack)
{
	unsigned int i, j;
	u64 sum = 0;
	int err;

	for (i = 0; i < c->nr_regions; i++) {
		if (!region_valid(&c->regions[i])) {
			NL_SET_ERR_MSG(ack, "a region is whole pages, below 3 GiB or from 4 GiB on");
			return -EINVAL;
		}
		err = c->regions[i].shared ? check_shared(&c->regions[i], ack) : 0;
		if (err)
			return err;
		for (j = 0; j < i; j++) {
			if (regions_overlap(&c->regions[i], &c->regions[j])) {
				NL_SET_ERR_MSG(ack, "two regions overlap");
				return -EINVAL;
			}
		}
		sum += c->regions[i].size;
	}
	if (!sum) {
		NL_SET_ERR_MSG(ack, "a guest needs memory: at least one region");
		return -EINVAL;
	}
	if (sum >> PAGE_SHIFT > totalram_pages()) {
		NL_SET_ERR_MSG(ack, "more memory than the host has");
		return -EINVAL;
	}
	return 0;
}

static int check_segment(struct guest *g, const struct segment *s, struct netlink_ext_ack *ack)
{
	const unsigned int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	long have = memfd_seals(s->file);
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
	if (c->on_reset > HV_ON_RESET_STOP) {
		NL_SET_ERR_MSG(ack, "on-reset is 0 (reset) or 1 (stop)");
		return -EINVAL;
	}
	if (!c->has_state) {
		NL_SET_ERR_MSG(ack, "a guest needs vcpu-state to start from");
		return -EINVAL;
	}
	err = guest_check_state(&c->state, ack);
	return err ?: check_regions(c, ack);
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
	g->boot_state = c->state;
	g->origin = c->origin;
	c->origin = NULL;
	g->nr_regions = c->nr_regions;
	for (i = 0; i < c->nr_regions; i++) {
		g->regions[i] = c->regions[i];
		if (g->regions[i].shared)
			get_file(g->regions[i].file);
		g->memory_size += c->regions[i].size;
	}
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

static struct guest *guest_alloc(struct guest_config *c)
{
	struct guest *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);

	if (!g)
		return NULL;
	kref_init(&g->ref);
	mutex_init(&g->lock);
	mutex_init(&g->fill_lock);
	init_waitqueue_head(&g->run_wq);
	init_completion(&g->thread_up);
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
		err = take_segments(g, c, ack);
	if (!err)
		err = memory_create(g, ack);
	if (!err)
		err = create_vcpus(g, max(c->vcpus, 1U));
	g->kernel_memory = sizeof(*g) + CONSOLE_RING + CONSOLE_INPUT +
			   (g->origin ? strlen(g->origin) + 1 : 0) +
			   g->nr_segments * sizeof(*g->segments) + g->nr_vcpus * vcpu_footprint();
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

static int check_table(struct guest *g, struct netlink_ext_ack *ack)
{
	if (guest_number >= READ_ONCE(guest_max)) {
		NL_SET_ERR_MSG(ack, "as many guests exist as the module's parameter max_guests allows");
		return -ENOSPC;
	}
	if (!g->name[0])
		make_name(g);
	if (find_name(g->name)) {
		NL_SET_ERR_MSG(ack, "a guest of that name exists");
		return -EEXIST;
	}
	return 0;
}

/* The guest becomes visible, whole. */
static int publish(struct guest *g)
{
	g->id = ++guest_last_id;
	guest_get(g);
	if (xa_err(xa_store(&guest_table, g->id, g, GFP_KERNEL))) {
		guest_put(g);
		return -ENOMEM;
	}
	guest_number++;
	return 0;
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
	mutex_lock(&guest_table_lock);
	err = check_table(g, ack);
	if (!err)
		err = build(g, c, ack);
	if (!err)
		err = publish(g);
	mutex_unlock(&guest_table_lock);
	if (err) {
		guest_put(g);
		return ERR_PTR(err);
	}
	api_announce(g);
	return g;
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
}

/* Removal */

static int refuse(struct netlink_ext_ack *ack, int err, const char *sentence)
{
	if (ack)
		ack->_msg = sentence;
	return err;
}

int guest_remove(struct guest *g, struct netlink_ext_ack *ack)
{
	bool mine;

	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	if (g->state == HV_STATE_RUNNING || g->state == HV_STATE_PAUSED) {
		mutex_unlock(&g->lock);
		return refuse(ack, -EBUSY, "the guest runs: kill it first");
	}
	mutex_lock(&guest_table_lock);
	mine = !g->dead;
	g->dead = true;
	if (mine) {
		xa_erase(&guest_table, g->id);
		guest_number--;
	}
	mutex_unlock(&guest_table_lock);
	mutex_unlock(&g->lock);
	if (!mine)
		return refuse(ack, -ENOENT, "the guest was removed");
	console_set_ended(&g->console, true);
	handlers_end(g);
	api_announce(g);
	guest_put(g);
	return 0;
}

int guest_init(void)
{
	return memory_init();
}

void guest_exit(void)
{
	memory_exit();
	xa_destroy(&guest_table);
}
