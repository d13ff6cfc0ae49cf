// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: hv's own shmem behind it, second-level tables in front.
 *
 * The page cache tells nobody when it takes a page back.  So every leaf of the
 * tables holds a reference on its page until the leaf is gone and flushed, and
 * the mapping is unevictable: guest memory is neither swapped nor migrated.
 */
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/smp.h>

#include "core/engine.h"
#include "core/memmap.h"
#include "guest/guest.h"
#include "guest/life.h"
#include "guest/memory.h"

/* A failed allocation ends this guest, not whoever the OOM killer would pick. */
#define FILL_GFP	(GFP_HIGHUSER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define TABLE_GFP	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

#define LARGE_LEVEL	1

static struct vfsmount *memory_mnt;

/* A mount of its own, since the distribution's default for shmem gives no huge pages. */
int memory_init(void)
{
	char options[] = "huge=within_size";
	struct file_system_type *type = get_fs_type("tmpfs");

	if (!type)
		return -ENODEV;
	memory_mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, options);
	if (IS_ERR(memory_mnt))
		memory_mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, NULL);
	return PTR_ERR_OR_ZERO(memory_mnt);
}

void memory_exit(void)
{
	kern_unmount(memory_mnt);
}

/* The vCPU threads live in the guest's cgroup. */
void charge_begin(struct guest *g, struct charge *c)
{
	rcu_read_lock();
	c->memcg = mem_cgroup_from_task(g->threads[0]);
	if (c->memcg && !css_tryget(&c->memcg->css))
		c->memcg = NULL;
	rcu_read_unlock();
	c->before = set_active_memcg(c->memcg);
}

void charge_end(struct charge *c)
{
	set_active_memcg(c->before);
	mem_cgroup_put(c->memcg);
}

static struct page *backing_page(struct region *r, u64 gpa)
{
	pgoff_t index = (gpa - r->gpa + r->offset) >> PAGE_SHIFT;

	return shmem_read_mapping_page_gfp(r->file->f_mapping, index, FILL_GFP);
}

static void nothing(void *unused)
{
}

/*
 * Returns when no vCPU uses a translation or a pointer that it got before: each
 * drops its translations before it enters the guest again, and one that is in a
 * core section has let interrupts in, which is when it holds no pointer.  A
 * vCPU that begins a section says so before it looks at its requests, so either
 * it is seen here, or it sees the request.
 */
static void flush_vcpus(struct guest *g)
{
	cpumask_var_t cpus;
	unsigned int i;
	bool some = zalloc_cpumask_var(&cpus, GFP_KERNEL);

	for (i = 0; i < g->nr_vcpus; i++)
		set_bit(VCPU_REQ_FLUSH, &g->vcpus[i]->requests);
	/* The requests before in_core: host_section_begin() has the other half. */
	smp_mb();
	for (i = 0; some && i < g->nr_vcpus; i++)
		if (READ_ONCE(g->vcpus[i]->in_core))
			cpumask_set_cpu(READ_ONCE(g->vcpus[i]->cpu), cpus);
	on_each_cpu_mask(some ? cpus : cpu_online_mask, nothing, NULL, true);
	if (some)
		free_cpumask_var(cpus);
}

/*
 * The table that holds @gpa's entry of @level, made where it is missing; or,
 * where a larger leaf is in the way, NULL and the gpa is mapped already.
 */
static u64 *s2_table(struct s2 *s2, u64 gpa, unsigned int level)
{
	u64 *table = s2->root;
	unsigned int l;

	for (l = S2_LEVELS - 1; l > level; l--) {
		u64 *entry = &table[s2_index(gpa, l)];

		if (!s2_present(s2->format, *entry)) {
			void *page = (void *)__get_free_page(TABLE_GFP);

			if (!page)
				return ERR_PTR(-ENOMEM);
			s2->table_pages++;
			WRITE_ONCE(*entry, host_hpa(page) | s2->format->table);
		} else if (s2_is_leaf(*entry, l)) {
			return NULL;
		}
		table = host_va(s2_hpa(*entry));
	}
	return table;
}

/* Intel's erratum 'machine check error avoidance on page size change': see small_code. */
static unsigned int leaf_rights(const struct s2 *s2, unsigned int level, u64 chip)
{
	bool code = !chip && !(level && s2->small_code);

	return S2_READ | S2_WRITE | (code ? S2_EXEC : 0);
}

/*
 * Takes over the reference on @page where it maps it: 0, 1 if something was mapped,
 * -ENOMEM.  @chip: S2_CHIP, or 0 for the guest's memory; no code is fetched from a chip.
 */
static int s2_map(struct s2 *s2, u64 gpa, struct page *page, unsigned int level, u64 chip)
{
	u64 *table = s2_table(s2, gpa, level);
	u64 *entry;

	if (IS_ERR_OR_NULL(table))
		return table ? PTR_ERR(table) : 1;
	entry = &table[s2_index(gpa, level)];
	if (s2_present(s2->format, *entry))
		return 1;
	if (!chip) {
		set_page_dirty(page);
		s2->leaf_pages += BIT(9 * level);
	}
	WRITE_ONCE(*entry, chip | s2_leaf(s2->format, host_hpa(page_address(page)), level,
					  leaf_rights(s2, level, chip)));
	return 0;
}

/* Is the whole aligned 2 MiB around @gpa in @r, and backed by one huge page? */
static bool is_large(const struct region *r, u64 gpa, struct page *page)
{
	u64 start = gpa & ~(s2_size(LARGE_LEVEL) - 1);

	return PageTransCompound(page) &&
	       compound_order(compound_head(page)) == HPAGE_PMD_ORDER &&
	       !(((r->gpa - r->offset) | (u64)page_to_pfn(compound_head(page)) << PAGE_SHIFT) &
		 (s2_size(LARGE_LEVEL) - 1)) &&
	       start >= r->gpa && start + s2_size(LARGE_LEVEL) <= r->gpa + r->size;
}

/* The same 2 MiB in small leaves, each of which owns a reference. */
static u64 *small_leaves(struct s2 *s2, u64 large)
{
	u64 *table = (void *)__get_free_page(TABLE_GFP), hpa = s2_hpa(large);
	unsigned int i;

	if (!table)
		return NULL;
	for (i = 0; i < S2_ENTRIES; i++)
		table[i] = s2_leaf(s2->format, hpa + i * PAGE_SIZE, 0, leaf_rights(s2, 0, 0));
	page_ref_add(virt_to_head_page(host_va(hpa)), S2_ENTRIES - 1);
	s2->table_pages++;
	return table;
}

/*
 * Code is to run in a large page that may not be executed.  No CPU may have
 * translations of both sizes, so there is none for a while.
 */
static int split_large(struct guest *g, u64 gpa)
{
	u64 *table = s2_table(&g->s2, gpa, LARGE_LEVEL), *entry, large;
	u64 *small;

	if (IS_ERR_OR_NULL(table))
		return PTR_ERR_OR_ZERO(table);
	entry = &table[s2_index(gpa, LARGE_LEVEL)];
	large = *entry;
	if (!s2_present(g->s2.format, large) || !s2_is_leaf(large, LARGE_LEVEL))
		return 0;
	small = small_leaves(&g->s2, large);
	if (!small)
		return -ENOMEM;
	WRITE_ONCE(*entry, 0);
	flush_vcpus(g);
	WRITE_ONCE(*entry, host_hpa(small) | g->s2.format->table);
	return 0;
}

static int map_code(struct guest *g, u64 gpa, struct page *page)
{
	int err = split_large(g, gpa);

	return err ?: s2_map(&g->s2, gpa, page, 0, 0);
}

static int map_page(struct guest *g, struct region *r, u64 gpa, struct page *page, bool code)
{
	int ret = 1;

	if (code && g->s2.small_code)
		return map_code(g, gpa, page);
	/* Small pages may be mapped there already: then one more of them. */
	if (is_large(r, gpa, page))
		ret = s2_map(&g->s2, gpa, compound_head(page), LARGE_LEVEL, 0);
	if (ret > 0)
		ret = s2_map(&g->s2, gpa, page, 0, 0);
	return ret;
}

/*
 * Of several vCPUs that fault on the same page, the first maps it.  A page that
 * was looked up before others were taken away may be one of these: @zaps tells,
 * and the vCPU faults again.
 */
static int map_unless_zapped(struct guest *g, struct region *r, u64 gpa, struct page *page,
			     bool code, unsigned long zaps)
{
	int ret = 1;

	mutex_lock(&g->fill_lock);
	if (g->zaps == zaps)
		ret = map_page(g, r, gpa, page, code);
	mutex_unlock(&g->fill_lock);
	return ret;
}

/* The hardware answers there: see vmx/apic.c. */
static int fill_apic_page(struct guest *g, u64 gpa)
{
	int ret;

	if (!g->apic_page || (gpa & PAGE_MASK) != MEMMAP_LAPIC)
		return -EFAULT;
	mutex_lock(&g->fill_lock);
	get_page(g->apic_page);
	ret = s2_map(&g->s2, MEMMAP_LAPIC, g->apic_page, 0, S2_CHIP);
	if (ret)
		put_page(g->apic_page);
	mutex_unlock(&g->fill_lock);
	return ret;
}

static int fill(struct guest *g, u64 gpa, bool code)
{
	struct region *r = guest_region(g, gpa & PAGE_MASK, PAGE_SIZE);
	/* Before the page is looked up: one that goes meanwhile counts a zap. */
	unsigned long zaps = smp_load_acquire(&g->zaps);
	struct page *page;
	int ret;

	if (!r)
		return fill_apic_page(g, gpa);
	page = backing_page(r, gpa);
	if (IS_ERR(page))
		return PTR_ERR(page);
	ret = map_unless_zapped(g, r, gpa, page, code, zaps);
	if (ret)
		put_page(page);
	return ret;
}

int memory_fill(struct guest *g, u64 gpa, bool code)
{
	struct charge charge;
	int ret;

	charge_begin(g, &charge);
	ret = fill(g, gpa, code);
	charge_end(&charge);
	return min(ret, 0);
}

/*
 * Pages taken away from a guest that runs.  No page is given back while a vCPU
 * may use it, so there are two passes over the leaves with a flush in between:
 * the first takes their present bits and nothing else, the second drops the pages.
 */
typedef void (*leaf_fn)(struct s2 *s2, u64 *entry, unsigned int level);

/* All leaves that overlap [@gpa, @end), @level down. */
static void each_leaf(struct s2 *s2, u64 *table, unsigned int level, u64 gpa, u64 end, leaf_fn fn)
{
	u64 next, *entry;

	for (; gpa < end; gpa = next) {
		next = (gpa | (s2_size(level) - 1)) + 1;
		entry = &table[s2_index(gpa, level)];
		if (!*entry)
			continue;
		if (s2_is_leaf(*entry, level))
			fn(s2, entry, level);
		else
			each_leaf(s2, host_va(s2_hpa(*entry)), level - 1, gpa, min(end, next), fn);
	}
}

static void hide_leaf(struct s2 *s2, u64 *entry, unsigned int level)
{
	WRITE_ONCE(*entry, *entry & ~s2->format->present);
}

static void drop_leaf(struct s2 *s2, u64 *entry, unsigned int level)
{
	u64 hpa = s2_hpa(*entry);

	WRITE_ONCE(*entry, 0);
	s2->leaf_pages -= BIT(9 * level);
	put_page(virt_to_page(host_va(hpa)));
}

/* Of a region; a large page goes whole. @g->fill_lock held. */
static void unmap_range(struct guest *g, u64 gpa, u64 end)
{
	each_leaf(&g->s2, g->s2.root, S2_LEVELS - 1, gpa, end, hide_leaf);
	flush_vcpus(g);
	each_leaf(&g->s2, g->s2.root, S2_LEVELS - 1, gpa, end, drop_leaf);
}

struct file *memory_file(struct guest *g, u64 gpa, u64 size, u64 *offset)
{
	struct file *file = NULL;
	struct region *r;

	mutex_lock(&g->fill_lock);
	r = guest_region(g, gpa, size);
	if (r) {
		file = get_file(r->file);
		*offset = gpa - r->gpa + r->offset;
	}
	mutex_unlock(&g->fill_lock);
	return file;
}

/*
 * For all who share it: they see zeros, as after a hole was punched.  No lock of ours
 * is held: who writes to a memfd takes the inode's before mmap_lock, and mmap()
 * takes the fill lock inside that.
 */
static void clear_file(struct file *file, loff_t start, u64 size)
{
	struct inode *inode = file_inode(file);

	inode_lock(inode);
	shmem_truncate_range(inode, start, start + size - 1);
	inode_unlock(inode);
}

/* A leaf keeps what was truncated until it goes: nobody sees that afterwards. */
int memory_discard(struct guest *g, u64 gpa, u64 size)
{
	struct file *file;
	u64 offset;

	if (!size || !PAGE_ALIGNED(gpa | size))
		return -EINVAL;
	file = memory_file(g, gpa, size, &offset);
	if (!file)
		return -EINVAL;
	clear_file(file, offset, size);
	mutex_lock(&g->fill_lock);
	unmap_range(g, gpa, gpa + size);
	/* Whoever reads this looks a page up that was not truncated. */
	smp_store_release(&g->zaps, g->zaps + 1);
	mutex_unlock(&g->fill_lock);
	fput(file);
	return 0;
}

/* Free what @table points to, @level down; the root itself stays. */
static void s2_zap(struct s2 *s2, u64 *table, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < S2_ENTRIES; i++) {
		u64 entry = table[i];

		if (!s2_present(s2->format, entry))
			continue;
		WRITE_ONCE(table[i], 0);
		if (s2_is_leaf(entry, level)) {
			put_page(virt_to_page(host_va(s2_hpa(entry))));
			continue;
		}
		s2_zap(s2, host_va(s2_hpa(entry)), level - 1);
		free_page((unsigned long)host_va(s2_hpa(entry)));
		cond_resched();
	}
}

/* As what is read where there is nothing. */
static void clear_apic_page(struct guest *g)
{
	if (g->apic_page)
		memset(page_address(g->apic_page), 0xff, PAGE_SIZE);
}

/* No vCPU runs, and each forgets what it knew of the pages before its next entry. */
static void zap_all(struct guest *g)
{
	unsigned int i;

	mutex_lock(&g->fill_lock);
	for (i = 0; i < g->nr_vcpus; i++)
		if (g->vcpus[i])
			set_bit(VCPU_REQ_FLUSH, &g->vcpus[i]->requests);
	s2_zap(&g->s2, g->s2.root, S2_LEVELS - 1);
	g->s2.table_pages = 1;
	g->s2.leaf_pages = 0;
	clear_apic_page(g);
	mutex_unlock(&g->fill_lock);
}

/* Copy @len bytes of @s at @done, within one page of guest memory. */
static int copy_piece(struct guest *g, struct segment *s, u64 done, size_t len)
{
	u64 gpa = s->gpa + done;
	struct region *r = guest_region(g, gpa, len);
	loff_t pos = s->offset + done;
	struct page *page;
	ssize_t n;

	page = backing_page(r, gpa);
	if (IS_ERR(page))
		return PTR_ERR(page);
	n = kernel_read(s->file, page_address(page) + offset_in_page(gpa), len, &pos);
	set_page_dirty(page);
	put_page(page);
	return n == len ? 0 : n < 0 ? n : -EIO;
}

static int apply_segment(struct guest *g, struct segment *s)
{
	u64 done, len;
	int err;

	for (done = 0; done < s->length; done += len) {
		len = min_t(u64, s->length - done,
			    PAGE_SIZE - offset_in_page(s->gpa + done));
		err = copy_piece(g, s, done, len);
		if (err)
			return err;
		if (life_ends(g))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int apply_manifest(struct guest *g)
{
	struct charge charge;
	unsigned int i;
	int err = 0;

	charge_begin(g, &charge);
	for (i = 0; i < g->nr_segments && !err; i++)
		err = apply_segment(g, &g->segments[i]);
	charge_end(&charge);
	return err;
}

static void clear_all(struct guest *g)
{
	unsigned int i;

	zap_all(g);
	for (i = 0; i < g->nr_regions; i++)
		clear_file(g->regions[i].file, g->regions[i].offset, g->regions[i].size);
}

int memory_boot(struct guest *g)
{
	int err;

	clear_all(g);
	err = apply_manifest(g);
	if (err)
		clear_all(g);
	return err;
}

/*
 * A user's memfd: unevictable from now on for all its users, since several
 * guests may share it and none knows of the others.
 */
static int share_region(struct region *r)
{
	int err = mapping_map_writable(r->file->f_mapping);

	if (err)
		return err;
	get_file(r->file);
	r->writable = true;
	mapping_set_unevictable(r->file->f_mapping);
	return 0;
}

static int back(struct region *r)
{
	struct file *file;

	if (r->shared)
		return share_region(r);

	/* Where there is no memory for an inode, shmem says that there is no space. */
	file = shmem_file_setup_with_mnt(memory_mnt, "hv", r->size, VM_NORESERVE);
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOSPC ? -ENOMEM : PTR_ERR(file);
	mapping_set_unevictable(file->f_mapping);
	r->file = file;
	return 0;
}

int memory_back(struct region *r, struct netlink_ext_ack *ack)
{
	int err = back(r);

	if (err)
		NL_SET_ERR_MSG(ack, "the host cannot allocate the guest's memory objects");
	return err;
}

void memory_unback(struct region *r)
{
	if (r->writable)
		mapping_unmap_writable(r->file->f_mapping);
	fput(r->file);
}

/* What the core sees of the regions. */
static void set_ranges(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr_regions; i++) {
		g->s2.ranges[i].gfn = g->regions[i].gpa >> PAGE_SHIFT;
		g->s2.ranges[i].pages = g->regions[i].size >> PAGE_SHIFT;
	}
	g->s2.nr_ranges = g->nr_regions;
}

void memory_add(struct guest *g, const struct region *r)
{
	mutex_lock(&g->fill_lock);
	g->regions[g->nr_regions++] = *r;
	set_ranges(g);
	mutex_unlock(&g->fill_lock);
}

void memory_remove(struct guest *g, struct region *r)
{
	mutex_lock(&g->fill_lock);
	unmap_range(g, r->gpa, r->gpa + r->size);
	memmove(r, r + 1, (void *)&g->regions[g->nr_regions] - (void *)(r + 1));
	g->nr_regions--;
	set_ranges(g);
	mutex_unlock(&g->fill_lock);
}

static int create_tables(struct guest *g)
{
	g->s2.format = engine->s2_format;
	g->s2.small_code = engine->info() & HV_FEATURE_SMALL_CODE;
	g->s2.root = (void *)__get_free_page(TABLE_GFP);
	if (!g->s2.root)
		return -ENOMEM;
	g->s2.table_pages = 1;
	return 0;
}

static int create_apic_page(struct guest *g)
{
	if (!(engine->info() & HV_FEATURE_APIC_ACCESS))
		return 0;
	g->apic_page = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!g->apic_page)
		return -ENOMEM;
	clear_apic_page(g);
	g->platform.apic_page = host_hpa(page_address(g->apic_page));
	return 0;
}

static int create_regions(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < c->nr_regions && !err; i++) {
		struct region r = c->regions[i];

		err = memory_back(&r, ack);
		if (!err)
			memory_add(g, &r);
	}
	return err;
}

/* What is half made, guest_free() takes apart. */
int memory_create(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	int err = create_tables(g);

	if (!err)
		err = create_apic_page(g);
	if (err) {
		NL_SET_ERR_MSG(ack, "the host cannot allocate the guest's memory objects");
		return err;
	}
	return create_regions(g, c, ack);
}

void memory_destroy(struct guest *g)
{
	unsigned int i;

	if (g->s2.root) {
		zap_all(g);
		free_page((unsigned long)g->s2.root);
	}
	if (g->apic_page)
		put_page(g->apic_page);
	for (i = 0; i < g->nr_regions; i++)
		memory_unback(&g->regions[i]);
}
