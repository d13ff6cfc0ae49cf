// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From netlink attributes to structures.
 *
 * An attribute's place in a structure is data: unknown attributes are
 * skipped, so an older library works on a newer module.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "internal.h"

enum kind {
	KIND_U8,	/* into a uint32_t */
	KIND_U16,	/* into a uint32_t */
	KIND_U32,
	KIND_U64,
	KIND_STRING,
	KIND_TIMES,
};

struct field {
	uint16_t attr;
	uint8_t kind;
	uint16_t size;
	uint16_t offset;
};

#define FIELD(a, k, s, f) { a, k, sizeof(((s *)0)->f), offsetof(s, f) }

static const struct field guest_fields[] = {
	FIELD(HV_A_GUEST_ID, KIND_U64, struct hvctl_guest, id),
	FIELD(HV_A_GUEST_NAME, KIND_STRING, struct hvctl_guest, name),
	FIELD(HV_A_GUEST_STATE, KIND_U32, struct hvctl_guest, state),
	FIELD(HV_A_GUEST_STOP_REASON, KIND_U32, struct hvctl_guest, stop_reason),
	FIELD(HV_A_GUEST_STOP_STATUS, KIND_U32, struct hvctl_guest, stop_status),
	FIELD(HV_A_GUEST_STOP_DETAIL, KIND_STRING, struct hvctl_guest, stop_detail),
	FIELD(HV_A_GUEST_MEMORY_SIZE, KIND_U64, struct hvctl_guest, memory_size),
	FIELD(HV_A_GUEST_MEMORY_RESIDENT, KIND_U64, struct hvctl_guest, memory_resident),
	FIELD(HV_A_GUEST_VCPUS, KIND_U32, struct hvctl_guest, vcpus),
	FIELD(HV_A_GUEST_ON_RESET, KIND_U32, struct hvctl_guest, on_reset),
	FIELD(HV_A_GUEST_DEBUG_EXIT_PORT, KIND_U16, struct hvctl_guest, debug_exit_port),
	FIELD(HV_A_GUEST_OWNER_UID, KIND_U32, struct hvctl_guest, owner_uid),
	FIELD(HV_A_GUEST_CREATED_AT, KIND_U64, struct hvctl_guest, created_at),
	FIELD(HV_A_GUEST_STARTED_AT, KIND_U64, struct hvctl_guest, started_at),
	FIELD(HV_A_GUEST_STOPPED_AT, KIND_U64, struct hvctl_guest, stopped_at),
	FIELD(HV_A_GUEST_RESETS, KIND_U32, struct hvctl_guest, resets),
	FIELD(HV_A_GUEST_TABLE_PAGES, KIND_U64, struct hvctl_guest, table_pages),
	FIELD(HV_A_GUEST_KERNEL_MEMORY, KIND_U64, struct hvctl_guest, kernel_memory),
	FIELD(HV_A_GUEST_PV, KIND_U32, struct hvctl_guest, pv),
	FIELD(HV_A_GUEST_RESTART, KIND_U32, struct hvctl_guest, restart),
	FIELD(HV_A_GUEST_REMOVE_ON_STOP, KIND_U8, struct hvctl_guest, remove_on_stop),
	FIELD(HV_A_GUEST_BOUND, KIND_U8, struct hvctl_guest, bound),
	FIELD(HV_A_GUEST_RESTARTS, KIND_U32, struct hvctl_guest, restarts),
	FIELD(HV_A_GUEST_RESTART_AT, KIND_U64, struct hvctl_guest, restart_at),
	{ 0 }
};

static const struct field vcpu_fields[] = {
	FIELD(HV_A_VCPU_INDEX, KIND_U32, struct hvctl_vcpu, index),
	FIELD(HV_A_VCPU_TID, KIND_U32, struct hvctl_vcpu, tid),
	FIELD(HV_A_VCPU_ENTRIES, KIND_U64, struct hvctl_vcpu, entries),
	FIELD(HV_A_VCPU_GUEST_TICKS, KIND_U64, struct hvctl_vcpu, guest_ticks),
	{ 0 }
};

static const struct field exit_fields[] = {
	FIELD(HV_A_EXIT_NAME, KIND_STRING, struct hvctl_exit, name),
	FIELD(HV_A_EXIT_COUNT, KIND_U64, struct hvctl_exit, count),
	FIELD(HV_A_EXIT_TIMES, KIND_TIMES, struct hvctl_exit, times),
	{ 0 }
};

static const struct field region_fields[] = {
	FIELD(HV_A_REGION_GPA, KIND_U64, struct hvctl_region, gpa),
	FIELD(HV_A_REGION_SIZE, KIND_U64, struct hvctl_region, size),
	FIELD(HV_A_REGION_OFFSET, KIND_U64, struct hvctl_region, offset),
	{ 0 }
};

static int take_number(const struct nlattr *attr, void *to, size_t size)
{
	if ((size_t)nla_len(attr) < size)
		return -EPROTO;
	memcpy(to, nla_data(attr), size);
	return 0;
}

static int take_u16(const struct nlattr *attr, uint32_t *to)
{
	uint16_t value;

	if ((size_t)nla_len(attr) < sizeof(value))
		return -EPROTO;
	memcpy(&value, nla_data(attr), sizeof(value));
	*to = value;
	return 0;
}

static int take_u8(const struct nlattr *attr, uint32_t *to)
{
	if (nla_len(attr) < 1)
		return -EPROTO;
	*to = *(const uint8_t *)nla_data(attr);
	return 0;
}

static void take_string(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = strnlen(nla_data(attr), nla_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(to, nla_data(attr), len);
	to[len] = '\0';
}

/* Zeros at the end are left out; what a later module has more of is, too. */
static int take_times(const struct nlattr *attr, void *to, size_t size)
{
	size_t len = nla_len(attr);

	memcpy(to, nla_data(attr), len < size ? len : size);
	return 0;
}

static int take(const struct field *field, const struct nlattr *attr, void *base)
{
	void *to = (char *)base + field->offset;

	switch (field->kind) {
	case KIND_U8:
		return take_u8(attr, to);
	case KIND_U16:
		return take_u16(attr, to);
	case KIND_STRING:
		take_string(attr, to, field->size);
		return 0;
	case KIND_TIMES:
		return take_times(attr, to, field->size);
	default:
		return take_number(attr, to, field->size);
	}
}

static int take_field(const struct field *fields, const struct nlattr *attr, void *base)
{
	for (const struct field *f = fields; f->attr; f++)
		if (f->attr == nla_type(attr))
			return take(f, attr, base);
	return 0;
}

/* Nested objects go to the end of their list: the kernel's order is kept. */
static int parse_exit(struct nlattr *nest, struct hvctl_vcpu *vcpu)
{
	struct hvctl_exit *exit = calloc(1, sizeof(*exit)), **end = &vcpu->exits;
	struct nlattr *attr;
	int rem, err = 0;

	if (!exit)
		return -ENOMEM;
	while (*end)
		end = &(*end)->next;
	*end = exit;
	nla_for_each_nested(attr, nest, rem)
		if (!err)
			err = take_field(exit_fields, attr, exit);
	return err;
}

static int parse_vcpu(struct nlattr *nest, struct hvctl_guest *guest)
{
	struct hvctl_vcpu *vcpu = calloc(1, sizeof(*vcpu)), **end = &guest->vcpu;
	struct nlattr *attr;
	int rem, err = 0;

	if (!vcpu)
		return -ENOMEM;
	while (*end)
		end = &(*end)->next;
	*end = vcpu;
	nla_for_each_nested(attr, nest, rem) {
		if (err)
			break;
		if (nla_type(attr) == HV_A_VCPU_EXIT)
			err = parse_exit(attr, vcpu);
		else
			err = take_field(vcpu_fields, attr, vcpu);
	}
	return err;
}

/* The offset is what says that it is shared. */
static int parse_region(struct nlattr *nest, struct hvctl_guest *guest)
{
	struct hvctl_region *region = calloc(1, sizeof(*region)), **end = &guest->region;
	struct nlattr *attr;
	int rem, err = 0;

	if (!region)
		return -ENOMEM;
	while (*end)
		end = &(*end)->next;
	*end = region;
	nla_for_each_nested(attr, nest, rem) {
		if (err)
			break;
		err = take_field(region_fields, attr, region);
		region->shared |= nla_type(attr) == HV_A_REGION_OFFSET;
	}
	return err;
}

static int parse_label(struct nlattr *attr, struct hvctl_guest *guest)
{
	char text[sizeof(((struct hvctl_label *)0)->key) +
		  sizeof(((struct hvctl_label *)0)->value)];

	take_string(attr, text, sizeof(text));
	return label_add(&guest->label, text);
}

static int parse_attr(struct nlattr *attr, struct hvctl_guest *guest)
{
	switch (nla_type(attr)) {
	case HV_A_GUEST_VCPU:
		return parse_vcpu(attr, guest);
	case HV_A_GUEST_REGION:
		return parse_region(attr, guest);
	case HV_A_GUEST_LABEL:
		return parse_label(attr, guest);
	default:
		return take_field(guest_fields, attr, guest);
	}
}

/**
 * parse_guest() - read a guest from a message
 * @hdr: a guest-get, guest-new, guest-ntf or stats-get message
 * @guest: result, to be freed by hvctl_guest_free()
 *
 * Return: 0, -ENOMEM or -EPROTO.
 */
int parse_guest(struct nlmsghdr *hdr, struct hvctl_guest **guest)
{
	struct hvctl_guest *new = calloc(1, sizeof(*new));
	struct nlattr *attr;
	int rem, err = 0;

	if (!new)
		return -ENOMEM;
	new->size = sizeof(*new);
	new->state = HVCTL_STATE_NONE;
	if (!genlmsg_valid_hdr(hdr, 0))
		err = -EPROTO;
	else
		nla_for_each_attr(attr, genlmsg_attrdata(genlmsg_hdr(hdr), 0),
				  genlmsg_attrlen(genlmsg_hdr(hdr), 0), rem)
			if (!err)
				err = parse_attr(attr, new);
	if (err)
		hvctl_guest_free(new);
	else
		*guest = new;
	return err;
}

static void free_vcpu(struct hvctl_vcpu *vcpu)
{
	struct hvctl_exit *exit;

	while ((exit = vcpu->exits)) {
		vcpu->exits = exit->next;
		free(exit);
	}
	free(vcpu);
}

void hvctl_guest_free(struct hvctl_guest *guest)
{
	struct hvctl_region *region;
	struct hvctl_vcpu *vcpu;

	if (!guest)
		return;
	while ((vcpu = guest->vcpu)) {
		guest->vcpu = vcpu->next;
		free_vcpu(vcpu);
	}
	label_free(guest->label);
	while ((region = guest->region)) {
		guest->region = region->next;
		free(region);
	}
	free(guest);
}

void hvctl_list_free(struct hvctl_guest **guests)
{
	if (!guests)
		return;
	for (struct hvctl_guest **g = guests; *g; g++)
		hvctl_guest_free(*g);
	free(guests);
}
