// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/mmu/walk.c kmod/mmu/fetch.c tests/unit/shim/fake.c */
/*
 * The guest's address translation: every paging mode, the whole matrix of
 * rights, reserved bits, accessed and dirty bits, memory that is missing,
 * segments, and random tables.
 */
#include "core/cpuid.h"
#include "mmu/walk.h"
#include "fake.h"
#include "tap.h"

#define P	0x001ull
#define RW	0x002ull
#define US	0x004ull
#define A	0x020ull
#define D	0x040ull
#define PS	0x080ull
#define NX	BIT_ULL(63)

#define PF_P	1
#define PF_W	2
#define PF_U	4
#define PF_RSVD	8
#define PF_I	16

static unsigned int phys_bits;
static bool has_1g;

unsigned int cpuid_phys_bits(void)
{
	return phys_bits;
}

bool cpuid_has_1g_pages(void)
{
	return has_1g;
}

static struct walk_fault fault;
static u64 gpa;

static void setup(void)
{
	fake_reset();
	phys_bits = 40;
	has_1g = true;
}

static enum walk_result go(u64 gva, u32 access)
{
	memset(&fault, 0, sizeof(fault));
	gpa = 0xbad;
	return walk(&fake_vcpu, gva, access, &gpa, &fault);
}

static void test_no_paging(void)
{
	setup();
	fake_mode(MODE_32);
	CHECK_EQ(go(0x123456789, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(gpa, 0x23456789);
}

static void test_4_level(void)
{
	setup();
	fake_map(0xffff800000123000, 0x5000, RW);
	CHECK_EQ(go(0xffff800000123456, 0), WALK_OK);
	CHECK_EQ(gpa, 0x5456);
	CHECK_EQ(go(0xffff800000124000, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_PF);
	CHECK_EQ(fault.error, 0);
	CHECK_EQ(fault.address, 0xffff800000124000);
	CHECK_EQ(go(0x0000800000123456, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_GP);
	/* PCID or PWT and PCD in CR3 are no part of the address. */
	fake.cr3 |= 0x18;
	CHECK_EQ(go(0xffff800000123456, 0), WALK_OK);
}

static void test_large(void)
{
	setup();
	fake_poke64(FAKE_TABLES, 0x1000 | P | RW);		/* PML4 */
	fake_poke64(0x1000, 0x40000000 | P | RW | PS);		/* 1 GiB */
	fake_poke64(0x1008, 0x2000 | P | RW);
	fake_poke64(0x2000, 0x00600000 | P | RW | PS | 0x1000);	/* 2 MiB, PAT */
	CHECK_EQ(go(0x12345678, 0), WALK_OK);
	CHECK_EQ(gpa, 0x52345678);
	CHECK_EQ(go(0x40012345, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(gpa, 0x612345);
	CHECK_EQ(fake_peek64(0x2000) & (A | D), A | D);
	CHECK_EQ(fake_peek64(0x1008) & (A | D), A);
	CHECK_EQ(fake_peek64(0x1000) & (A | D), A);
	has_1g = false;
	CHECK_EQ(go(0x12345678, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
}

static void test_5_level(void)
{
	setup();
	fake.cr4 |= CR4_LA57;
	fake_poke64(FAKE_TABLES + 8 * 511, 0x1000 | P | RW);	/* PML5 */
	fake_poke64(0x1000, 0x2000 | P | RW);
	fake_poke64(0x2000, 0x3000 | P | RW);
	fake_poke64(0x3000, 0x4000 | P | RW);
	fake_poke64(0x4000, 0x7000 | P | RW);
	CHECK_EQ(go(0xffff000000000123, 0), WALK_OK);
	CHECK_EQ(gpa, 0x7123);
	CHECK_EQ(go(0xfeff000000000123, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_GP);
}

static void setup_pae(void)
{
	setup();
	fake.efer = EFER_NXE_BIT;
	fake.cr3 = 0x1020;
	fake_poke64(0x1020 + 3 * 8, 0x2000 | P);		/* PDPT: 32-byte aligned */
	fake_poke64(0x2000 + 8 * 1, 0x3000 | P | RW | US);
	fake_poke64(0x2000 + 8 * 2, 0x00800000 | P | RW | PS);
	fake_poke64(0x3000 + 8 * 5, 0x9000 | P | RW | US | NX);
}

static void test_pae(void)
{
	setup_pae();
	CHECK_EQ(go(0xc0205678, ACCESS_USER | ACCESS_WRITE), WALK_OK);
	CHECK_EQ(gpa, 0x9678);
	CHECK_EQ(fake_peek64(0x1038), 0x2000 | P);	/* no accessed bit there */
	CHECK_EQ(fake_peek64(0x3028), 0x9000 | P | RW | US | NX | A | D);
	CHECK_EQ(go(0xc0205678, ACCESS_FETCH), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_I);
	CHECK_EQ(go(0xc0405678, 0), WALK_OK);
	CHECK_EQ(gpa, 0x805678);
	CHECK_EQ(go(0xffffffff00000000 | 0xc0205678, 0), WALK_OK);
	fake_poke64(0x1038, 0x2000 | P | RW);	/* reserved in a PDPTE */
	CHECK_EQ(go(0xc0205678, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
	fake_poke64(0x1038, 0x2000 | P);
	fake_poke64(0x3028, 0x9000 | P | 1ull << 52);
	CHECK_EQ(go(0xc0205678, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
}

static void test_32(void)
{
	setup();
	fake.efer = 0;
	fake.cr4 = CR4_PSE;
	fake.cr3 = 0x1000;
	fake_poke32(0x1000 + 4 * 0x300, 0x2000 | P | RW);
	fake_poke32(0x1000 + 4 * 0x301, 0x00400000 | P | RW | PS | 0x2a << 13);
	fake_poke32(0x2000 + 4 * 5, 0x9000 | P | RW);
	CHECK_EQ(go(0xc0005678, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(gpa, 0x9678);
	CHECK_EQ(fake_peek64(0x2014), 0x9000 | P | RW | A | D);	/* neighbour untouched */
	CHECK_EQ(go(0xc0412345, 0), WALK_OK);
	CHECK_EQ(gpa, 0x2a00412345);
	CHECK_EQ(go(0xc0005678, ACCESS_FETCH), WALK_OK);
	fake_poke32(0x1000 + 4 * 0x301, 0x00600000 | P | RW | PS);	/* bit 21 */
	CHECK_EQ(go(0xc0412345, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
	phys_bits = 36;
	fake_poke32(0x1000 + 4 * 0x301, 0x00400000 | P | RW | PS | 0x10 << 13);
	CHECK_EQ(go(0xc0412345, 0), WALK_FAULT);
	fake_poke32(0x1000 + 4 * 0x301, 0x00400000 | P | RW | PS | 0xf << 13);
	CHECK_EQ(go(0xc0412345, 0), WALK_OK);
	fake.cr4 = 0;	/* without PSE the bit means nothing */
	fake_poke32(0x1000 + 4 * 0x301, 0x00002000 | P | RW | PS);
	CHECK_EQ(go(0xc0405678, 0), WALK_OK);
	CHECK_EQ(gpa, 0x9678);
}

static void test_reserved(void)
{
	static const struct {
		unsigned int level;
		u64 bits;
		enum walk_result result;
	} cases[] = {
		{ 3, PS, WALK_FAULT }, { 3, BIT_ULL(40), WALK_FAULT },
		{ 3, BIT_ULL(51), WALK_FAULT },
		{ 3, BIT_ULL(52), WALK_OK }, { 3, 0xe00, WALK_OK }, { 2, BIT_ULL(40), WALK_FAULT },
		{ 1, BIT_ULL(50), WALK_FAULT }, { 0, BIT_ULL(40), WALK_FAULT }, { 0, PS, WALK_OK },
		{ 0, BIT_ULL(62), WALK_OK },
	};
	u64 at[4], entry;
	unsigned int i;

	setup();
	fake_map(0x1000, 0x5000, RW);
	at[3] = FAKE_TABLES;
	at[2] = fake_peek64(at[3]) & ~0xfffull;
	at[1] = fake_peek64(at[2]) & ~0xfffull;
	at[0] = (fake_peek64(at[1]) & ~0xfffull) + 8;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		entry = fake_peek64(at[cases[i].level]);
		fake_poke64(at[cases[i].level], entry | cases[i].bits);
		CHECK_EQ(go(0x1000, 0), cases[i].result);
		if (cases[i].result == WALK_FAULT)
			CHECK_EQ(fault.error, PF_P | PF_RSVD);
		fake_poke64(at[cases[i].level], entry);
	}
	fake.efer &= ~EFER_NXE_BIT;
	fake_poke64(at[2], fake_peek64(at[2]) | NX);
	CHECK_EQ(go(0x1000, ACCESS_USER), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD | PF_U);
	fake_poke64(at[2], fake_peek64(at[2]) & ~NX);
	fake_poke64(at[1], 0x00200000 | P | PS | 0x2000);	/* bit 13 of a 2 MiB page */
	CHECK_EQ(go(0x1000, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
	fake_poke64(at[2], 0x40000000 | P | PS | 1 << 29);	/* ... of a 1 GiB page */
	CHECK_EQ(go(0x1000, 0), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_RSVD);
}

/* SDM vol. 3, 4.6.1, written as it is read there. */
static bool manual(bool user, u32 access, bool u_page, bool w_page, bool x_page, u64 control,
		   bool wp)
{
	bool smep = control & CR4_SMEP, smap = control & CR4_SMAP;
	bool ac = fake_vcpu.rflags & RFLAGS_AC;

	if (!user && access == ACCESS_FETCH)
		return u_page ? !smep && x_page : x_page;
	if (user && access == ACCESS_FETCH)
		return u_page && x_page;
	if (user)
		return u_page && (access != ACCESS_WRITE || w_page);
	if (u_page && smap && !ac)
		return false;
	return access != ACCESS_WRITE || !wp || w_page;
}

static void test_rights(void)
{
	static const u32 accesses[] = { 0, ACCESS_WRITE, ACCESS_FETCH };
	u64 upper, leaf, want;
	unsigned int n, i;
	bool user, ok;
	u32 access;

	for (n = 0; n < 1 << 11; n++) {
		setup();
		upper = (n & 1 ? RW : 0) | (n & 2 ? US : 0) | (n & 4 ? NX : 0);
		leaf = (n & 8 ? RW : 0) | (n & 16 ? US : 0) | (n & 32 ? NX : 0);
		user = n & 64;
		fake.cpl = user ? 3 : 0;
		fake.cr4 |= (n & 128 ? CR4_SMEP : 0) | (n & 256 ? CR4_SMAP : 0);
		fake.cr0 = CR0_PE | CR0_PG | (n & 512 ? CR0_WP : 0);
		fake_vcpu.rflags = n & 1024 ? RFLAGS_AC : 0;
		fake_map(0x1000, 0x5000, leaf);
		fake_poke64(FAKE_TABLES, (fake_peek64(FAKE_TABLES) & ~(RW | US)) | upper);
		for (i = 0; i < 3; i++) {
			access = accesses[i];
			ok = manual(user, access, upper & leaf & US, upper & leaf & RW,
				    !((upper | leaf) & NX), fake.cr4, fake.cr0 & CR0_WP);
			CHECK_EQ(go(0x1000, access | (user ? ACCESS_USER : 0)),
				 ok ? WALK_OK : WALK_FAULT);
			want = PF_P | (access == ACCESS_WRITE ? PF_W : 0) | (user ? PF_U : 0) |
			       (access == ACCESS_FETCH ? PF_I : 0);
			if (!ok)
				CHECK_EQ(fault.error, want);
		}
	}
}

static void test_accessed(void)
{
	u64 leaf;

	setup();
	fake_map(0x1000, 0x5000, RW);
	leaf = FAKE_TABLES + 0x3000 + 8;
	CHECK_EQ(go(0x1000, 0), WALK_OK);
	CHECK_EQ(fake_peek64(leaf), 0x5000 | P | RW | A);
	CHECK_EQ(go(0x1000, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(fake_peek64(leaf), 0x5000 | P | RW | A | D);
	CHECK_EQ(fake_peek64(FAKE_TABLES) & (A | D), A);
	/* A fault sets nothing. */
	setup();
	fake_map(0x1000, 0x5000, 0);
	CHECK_EQ(go(0x1000, ACCESS_WRITE), WALK_FAULT);
	CHECK_EQ(fake_peek64(leaf), 0x5000 | P);
	/* Set already: the tables need not be writable. */
	setup();
	fake_map(0x1000, 0x5000, A | RW);
	__set_bit(FAKE_TABLES / 4096 + 3, fake.readonly);
	CHECK_EQ(go(0x1000, 0), WALK_OK);
	CHECK_EQ(go(0x1000, ACCESS_WRITE), WALK_FILL);
	CHECK_EQ(fake_vcpu.fill_gpa, leaf);
	CHECK_EQ(fake_vcpu.fill_access, ACCESS_WRITE);
}

static void test_missing(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		setup();
		fake_map(0x1000, 0x5000, RW);
		__set_bit(FAKE_TABLES / 4096 + i, fake.missing);
		CHECK_EQ(go(0x1000, 0), WALK_FILL);
		CHECK_EQ(fake_vcpu.fill_gpa, FAKE_TABLES + i * 4096 + (i == 3 ? 8 : 0));
		CHECK_EQ(fake_vcpu.fill_access, 0);
	}
	setup();
	fake_poke64(FAKE_TABLES, 0xfee00000 | P | RW);
	CHECK_EQ(go(0x1000, 0), WALK_UNMAPPED);
	CHECK_EQ(fault.address, 0xfee00000);
	setup();	/* the page itself is the caller's business */
	fake_map(0x1000, 0xfee00000, RW);
	CHECK_EQ(go(0x1000, 0), WALK_OK);
}

static void test_copies(void)
{
	u8 buf[64] = "0123456789abcdef", out[64] = "";

	setup();
	fake_map(0x1000, 0x7000, RW);
	fake_map(0x2000, 0x5000, RW);
	CHECK_EQ(guest_write(&fake_vcpu, SEG_DS, 0x1ff8, buf, 16, 0, &fault), WALK_OK);
	CHECK(!memcmp(fake_page[7] + 0xff8, "01234567", 8));
	CHECK(!memcmp(fake_page[5], "89abcdef", 8));
	CHECK_EQ(guest_read(&fake_vcpu, SEG_DS, 0x1ff8, out, 16, 0, &fault), WALK_OK);
	CHECK(!memcmp(out, buf, 16));
	/* Whole or not at all. */
	fake_map(0x2000, 0x5000, 0);
	memset(buf, 'x', sizeof(buf));
	CHECK_EQ(guest_write(&fake_vcpu, SEG_DS, 0x1ff8, buf, 16, 0, &fault), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_W);
	CHECK_EQ(fault.address, 0x2000);
	CHECK(!memcmp(fake_page[7] + 0xff8, "01234567", 8));
	fake_map(0x2000, 0x5000, RW);
	__set_bit(5, fake.readonly);
	CHECK_EQ(guest_write(&fake_vcpu, SEG_DS, 0x1ff8, buf, 16, 0, &fault), WALK_FILL);
	CHECK_EQ(fake_vcpu.fill_gpa, 0x5000);
	CHECK(!memcmp(fake_page[7] + 0xff8, "01234567", 8));
	fake_map(0x2000, 0xfee00000, RW);
	CHECK_EQ(guest_read(&fake_vcpu, SEG_DS, 0x1ff8, out, 16, 0, &fault), WALK_UNMAPPED);
	CHECK_EQ(fault.address, 0xfee00000);
}

static u64 gva;

static enum walk_result linear(enum hv_seg seg, u64 offset, unsigned int len, u32 access)
{
	memset(&fault, 0, sizeof(fault));
	return guest_linear(&fake_vcpu, vcpu_mode(&fake_vcpu), seg, offset, len, access, &gva, &fault);
}

static void test_segments_64(void)
{
	setup();
	fake.seg[SEG_DS].base = 0x1000;
	fake.seg[SEG_FS].base = 0x7fff00000000;
	CHECK_EQ(linear(SEG_DS, 0x10, 8, 0), WALK_OK);
	CHECK_EQ(gva, 0x10);
	CHECK_EQ(linear(SEG_FS, 0x10, 8, 0), WALK_OK);
	CHECK_EQ(gva, 0x7fff00000010);
	CHECK_EQ(linear(SEG_DS, 0x7ffffffffff8, 8, 0), WALK_OK);
	CHECK_EQ(linear(SEG_DS, 0x7ffffffffff9, 8, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_GP);
	CHECK_EQ(linear(SEG_SS, 0x800000000000, 1, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_SS);
}

static void test_segments_32(void)
{
	setup();
	fake_mode(MODE_32);
	fake.seg[SEG_DS].base = 0xfffff000;
	fake.seg[SEG_DS].limit = 0x1fff;
	CHECK_EQ(linear(SEG_DS, 0x1ffc, 4, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(gva, 0xffc);
	CHECK_EQ(linear(SEG_DS, 0x1ffd, 4, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_GP);
	CHECK_EQ(linear(SEG_DS, 0xffffffff, 4, 0), WALK_FAULT);
	fake.seg[SEG_DS].attr = 0xc91;		/* read-only */
	CHECK_EQ(linear(SEG_DS, 0, 4, ACCESS_WRITE), WALK_FAULT);
	CHECK_EQ(linear(SEG_DS, 0, 4, 0), WALK_OK);
	CHECK_EQ(linear(SEG_CS, 0, 4, ACCESS_WRITE), WALK_FAULT);
	CHECK_EQ(linear(SEG_CS, 0, 4, 0), WALK_OK);
	fake.seg[SEG_CS].attr = 0xc99;		/* execute-only */
	CHECK_EQ(linear(SEG_CS, 0, 4, 0), WALK_FAULT);
	CHECK_EQ(linear(SEG_CS, 0, 4, ACCESS_FETCH), WALK_OK);
	fake.seg[SEG_SS] = (struct hv_segment){ .limit = 0xfff, .attr = 0xc97 };	/* down */
	CHECK_EQ(linear(SEG_SS, 0x1000, 4, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(linear(SEG_SS, 0xfff, 4, 0), WALK_FAULT);
	CHECK_EQ(fault.vector, VEC_SS);
	CHECK_EQ(linear(SEG_SS, 0xfffffffc, 4, 0), WALK_OK);
	CHECK_EQ(linear(SEG_SS, 0xfffffffd, 4, 0), WALK_FAULT);
	fake.seg[SEG_SS].attr = 0x897;
	CHECK_EQ(linear(SEG_SS, 0xfffd, 4, 0), WALK_FAULT);
	fake.seg[SEG_ES].attr = 0;		/* null */
	CHECK_EQ(linear(SEG_ES, 0, 1, 0), WALK_FAULT);
	fake_mode(MODE_REAL);
	fake.seg[SEG_ES].attr = 0;
	CHECK_EQ(linear(SEG_ES, 0xfffe, 2, ACCESS_WRITE), WALK_OK);
	CHECK_EQ(linear(SEG_ES, 0xffff, 2, 0), WALK_FAULT);
	CHECK_EQ(linear(SEG_CS, 0, 2, ACCESS_WRITE), WALK_OK);
}

static u8 bytes[INSN_MAX];
static unsigned int len;

static enum walk_result fetch(u64 rip)
{
	memset(&fault, 0, sizeof(fault));
	fake_vcpu.rip = rip;
	len = 0;
	return guest_fetch(&fake_vcpu, vcpu_mode(&fake_vcpu), bytes, &len, &fault);
}

static void test_fetch(void)
{
	len = 0;
	setup();
	fake_map(0x1000, 0x7000, 0);
	fake_map(0x2000, 0x5000, 0);
	memset(fake_page[7], 0x11, 4096);
	memset(fake_page[5], 0x22, 4096);
	fake_vcpu.rip = 0x1ffa;
	CHECK_EQ(guest_fetch(&fake_vcpu, vcpu_mode(&fake_vcpu), bytes, &len, &fault), WALK_OK);
	CHECK_EQ(len, 6);
	CHECK_EQ(guest_fetch(&fake_vcpu, vcpu_mode(&fake_vcpu), bytes, &len, &fault), WALK_OK);
	CHECK_EQ(len, 15);
	CHECK_EQ(bytes[5], 0x11);
	CHECK_EQ(bytes[6], 0x22);
	len = 0;
	fake_vcpu.rip = 0x1000;
	CHECK_EQ(guest_fetch(&fake_vcpu, vcpu_mode(&fake_vcpu), bytes, &len, &fault), WALK_OK);
	CHECK_EQ(len, 15);
	len = 0;
	fake.cpl = 3;
	CHECK_EQ(guest_fetch(&fake_vcpu, vcpu_mode(&fake_vcpu), bytes, &len, &fault), WALK_FAULT);
	CHECK_EQ(fault.error, PF_P | PF_U | PF_I);
	CHECK_EQ(len, 0);
}

/* The tables of fake_map() for low addresses, from the top. */
#define ENTRY(level) (FAKE_TABLES + (level) * 4096ull + ((level) == 3 ? 8 : 0))

/* Without a flush, by the guest's tables and registers alone. */
static void test_fetch_again(void)
{
	unsigned int i;

	setup();
	fake_map(0x1000, 0x7000, 0);
	memset(fake_page[5], 0x55, 4096);
	memset(fake_page[7], 0x77, 4096);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	CHECK(fake_vcpu.fetch.code == fake_page[7]);
	memset(fake_page[7], 0x78, 4096);
	CHECK_EQ(fetch(0x1234), WALK_OK);
	CHECK_EQ(bytes[0], 0x78);
	CHECK_EQ(fetch(0x2000), WALK_FAULT);
	fake_map(0x1000, 0x5000, 0);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	CHECK_EQ(bytes[14], 0x55);
	for (i = 0; i < 4; i++) {
		u64 entry = fake_peek64(ENTRY(i));

		CHECK_EQ(entry & (P | A), P | A);
		fake_poke64(ENTRY(i), entry & ~A);
		CHECK_EQ(fetch(0x1000), WALK_OK);
		CHECK_EQ(fake_peek64(ENTRY(i)), entry);
		fake_poke64(ENTRY(i), entry | NX);
		CHECK_EQ(fetch(0x1000), WALK_FAULT);
		fake_poke64(ENTRY(i), 0);
		CHECK_EQ(fetch(0x1000), WALK_FAULT);
		fake_poke64(ENTRY(i), entry);
		CHECK_EQ(fetch(0x1000), WALK_OK);
	}
}

static void test_fetch_registers(void)
{
	setup();
	fake_map(0x1000, 0x5000, RW | US);
	memset(fake_page[5], 0x55, 4096);
	memset(fake_page[1], 0x11, 4096);
	/* The first one sets bits on the way, so that the second walks once more. */
	CHECK_EQ(fetch(0x1000), WALK_OK);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	fake.efer ^= EFER_LMA_BIT;
	CHECK_EQ(fetch(0x1000), WALK_FAULT);
	fake.efer ^= EFER_LMA_BIT;
	CHECK_EQ(fetch(0x1000), WALK_OK);
	fake.cr4 |= CR4_SMEP;
	CHECK_EQ(fetch(0x1000), WALK_FAULT);
	fake.cpl = 3;
	CHECK_EQ(fetch(0x1000), WALK_OK);
	fake_poke64(ENTRY(3), 0x5000 | P | A | RW | US | NX);
	CHECK_EQ(fetch(0x1000), WALK_FAULT);
	fake_poke64(ENTRY(3), 0x5000 | P | A | RW);
	CHECK_EQ(fetch(0x1000), WALK_FAULT);
	fake.cpl = 0;
	CHECK_EQ(fetch(0x1000), WALK_OK);
	fake.cr3 = 0x6000;	/* zeros */
	CHECK_EQ(fetch(0x1000), WALK_FAULT);
	fake_mode(MODE_32);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	CHECK_EQ(bytes[0], 0x11);
}

/* Pages that are taken away: the vCPU is told, and asks for them again. */
static void test_fetch_forget(void)
{
	setup();
	fake_map(0x1000, 0x7000, 0);
	CHECK_EQ(fetch(0x1000), WALK_OK);
	__set_bit(7, fake.missing);
	guest_fetch_forget(&fake_vcpu);
	CHECK_EQ(fetch(0x1000), WALK_FILL);
	CHECK_EQ(fake_vcpu.fill_gpa, 0x7000);
	CHECK_EQ(fetch(0x1000), WALK_FILL);
	__clear_bit(7, fake.missing);
	CHECK_EQ(fetch(0x1000), WALK_OK);
}

/*
 * Tables of random entries, most of them plausible, in every mode: whatever is
 * there, an answer comes and no page is overrun; no entry loses a bit or gets
 * one besides accessed and dirty.
 */
static void random_tables(void)
{
	unsigned int i, j;
	u64 e;

	for (i = 0; i < 16; i++) {
		for (j = 0; j < 512; j++) {
			e = (fake_random() % 20) << 12 | (fake_random() & 0xfff) | P;
			if (!(fake_random() & 15))
				e |= fake_random() & fake_random();
			if (fake_random() & 7)
				e &= ~PS;
			fake_poke64(i * 4096ull + j * 8, e);
		}
	}
}

static void check_tables(u8 (*before)[4096])
{
	unsigned int i, j;

	for (i = 0; i < 16; i++)
		for (j = 0; j < 4096; j++)
			CHECK(!((before[i][j] ^ fake_page[i][j]) & ~(A | D)) &&
			      !(before[i][j] & ~fake_page[i][j]));
}

static void test_random(void)
{
	static u8 before[16][4096];
	unsigned int i, j, tries, results[WALK_UNMAPPED + 1] = { 0 };
	enum walk_result r;
	u64 at;
	u32 access;

	for (i = 0; i < 300 && tap_ok; i++) {
		setup();
		random_tables();
		for (j = 0; j < 16; j++)
			memcpy(before[j], fake_page[j], 4096);
		fake.missing[0] = 1ul << fake_random() % 64;
		fake.readonly[0] = fake_random() & fake_random();
		fake.cr3 = (fake_random() % 16) << 12;
		fake.cr4 = fake_random() & (CR4_PAE | CR4_PSE | CR4_LA57 | CR4_SMEP | CR4_SMAP);
		fake.efer = fake_random() & EFER_NXE_BIT;
		if (fake_random() & 1) {
			fake.efer |= EFER_LMA_BIT;
			fake.cr4 |= CR4_PAE;
		}
		for (j = 0; j < 500; j++) {
			at = fake_random() >> (fake_random() & 31);
			access = fake_random() & 7;
			r = WALK_RETRY;
			/* A table that is its own: the first try sets the bit. */
			for (tries = 0; r == WALK_RETRY && tries < 6; tries++)
				r = go(at, access);
			CHECK(r <= WALK_UNMAPPED);
			results[r]++;
		}
		check_tables(before);
	}
	CHECK(results[WALK_OK] > 1000 && results[WALK_FAULT] > 1000 && results[WALK_FILL] > 1000);
	CHECK_EQ(results[WALK_RETRY], 0);
}

#define NR_TABLES	20	/* that random entries point to */

/* What a fetch did, memory included. */
struct fetched {
	enum walk_result r;
	unsigned int len;
	u8 bytes[INSN_MAX];
	struct walk_fault fault;
	u8 tables[NR_TABLES][4096];
};

static void fetch_and_note(u64 rip, struct fetched *f)
{
	unsigned int i;

	f->r = fetch(rip);
	f->len = len;
	memcpy(f->bytes, bytes, sizeof(bytes));
	f->fault = fault;
	for (i = 0; i < NR_TABLES; i++)
		memcpy(f->tables[i], fake_page[i], 4096);
}

/* Something that a guest may do between two instructions, or nothing. */
static void change_something(void)
{
	static const u64 cr4[] = { CR4_SMEP, CR4_SMAP, CR4_PSE };

	switch (fake_random() % 16) {
	case 0:
		fake_poke64(fake_random() % (16 * 512) * 8,
			    (fake_random() % NR_TABLES) << 12 | (fake_random() & 0xf7f) | P);
		break;
	case 1:
		fake.cr4 ^= cr4[fake_random() % 3];
		break;
	case 2:
		fake.cpl ^= 3;
		break;
	case 3:
		fake.efer ^= EFER_NXE_BIT;
		break;
	case 4:
		fake.cr3 = (fake_random() % 4) << 12;
		break;
	case 5:
		fake.cr0 ^= CR0_PG;
		break;
	}
}

/* What was kept changes nothing: as without it, in tables of every kind. */
static void compare_fetches(unsigned int *results)
{
	static struct fetched before, kept, walked;
	const u64 rip = fake_random() % 4 << 12 | fake_random() % 4096;
	struct fetch_page after;
	unsigned int i;

	for (i = 0; i < NR_TABLES; i++)
		memcpy(before.tables[i], fake_page[i], 4096);
	fetch_and_note(rip, &kept);
	after = fake_vcpu.fetch;
	for (i = 0; i < NR_TABLES; i++)
		memcpy(fake_page[i], before.tables[i], 4096);
	guest_fetch_forget(&fake_vcpu);
	fetch_and_note(rip, &walked);
	CHECK_EQ(kept.r, walked.r);
	CHECK_EQ(kept.len, walked.len);
	CHECK(!memcmp(kept.bytes, walked.bytes, kept.len));
	CHECK(!memcmp(&kept.fault, &walked.fault, sizeof(fault)));
	CHECK(!memcmp(kept.tables, walked.tables, sizeof(kept.tables)));
	results[walked.r]++;
	fake_vcpu.fetch = after;
}

static void test_fetch_random(void)
{
	unsigned int i, j, results[WALK_UNMAPPED + 1] = { 0 };

	for (i = 0; i < 200 && tap_ok; i++) {
		setup();
		random_tables();
		fake.cr3 = (fake_random() % 4) << 12;
		fake.efer = i & 1 ? EFER_LMA_BIT | EFER_LME_BIT : 0;
		fake.cr4 = i & 3 ? CR4_PAE : 0;
		fake.cr4 |= i % 8 == 7 ? CR4_LA57 : 0;
		for (j = 0; j < 500; j++) {
			change_something();
			compare_fetches(results);
		}
	}
	CHECK(results[WALK_OK] > 20000 && results[WALK_FAULT] > 1000);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "no paging", test_no_paging },
		{ "4 levels", test_4_level },
		{ "pages of 2 MiB and 1 GiB", test_large },
		{ "5 levels", test_5_level },
		{ "PAE", test_pae },
		{ "32 bits, PSE-36", test_32 },
		{ "reserved bits", test_reserved },
		{ "rights: all of 6,144 combinations", test_rights },
		{ "accessed and dirty bits", test_accessed },
		{ "tables that are missing", test_missing },
		{ "copies across pages", test_copies },
		{ "segments in 64-bit mode", test_segments_64 },
		{ "segments elsewhere", test_segments_32 },
		{ "instruction fetch", test_fetch },
		{ "fetches from a page that was found before: tables", test_fetch_again },
		{ "... registers", test_fetch_registers },
		{ "... and pages that go", test_fetch_forget },
		{ "150,000 walks of random tables", test_random },
		{ "100,000 fetches with what was kept and without it", test_fetch_random },
	};

	return tap_run(tests, ARRAY_SIZE(tests));
}
