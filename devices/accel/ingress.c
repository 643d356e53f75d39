// SPDX-License-Identifier: GPL-2.0-or-later
/* The accelerator's ingress block: hints decoded, counted and recorded, rules applied. */
#include <errno.h>
#include <string.h>

#include "devices/accel/ingress.h"

static unsigned tag_index(unsigned st_bits, unsigned st)
{
	if (st_bits == 16)
		return 1 + 0x100 + st;
	return st_bits == 8 ? 1 + (st & 0xff) : 0;
}

static uint64_t hint_word(const struct tlp_hint *hint)
{
	if (!hint->st_bits)
		return 0;
	return hint->st | (uint64_t)(hint->ph & 3) << ACCEL_HINT_PH_SHIFT |
	       (uint64_t)hint->st_bits << ACCEL_HINT_ST_BITS_SHIFT;
}

void ingress_init(struct ingress *in, uint8_t *memory, enum pci_tph_completer completer)
{
	in->memory = memory;
	in->completer = completer;
}

static bool has_wide_tag(const struct ingress *in, const struct tlp *tlp)
{
	return tlp->hint.st_bits == 16 && in->completer != PCI_TPH_COMPLETER_16;
}

/* A prefix, and this receiver does not support End-End prefixes (2.2.10) */
static bool malformed(const struct ingress *in, const struct tlp *tlp)
{
	return has_wide_tag(in, tlp) && !tlp->flit;
}

/* In flit mode a hint takes the place of no other field, so an unknown one is ignored. */
static bool ignored(const struct ingress *in, const struct tlp *tlp)
{
	return tlp->hint.st_bits &&
	       (in->completer == PCI_TPH_COMPLETER_NONE || has_wide_tag(in, tlp));
}

/* The counters of this hint; NULL: it is new, and the table is full. */
static uint64_t *find_key(struct ingress *in, struct ingress_tag *tag, const struct tlp_hint *hint)
{
	uint64_t *count = &in->live.totals[INGRESS_TOTAL(ACCEL_REG_KEY_COUNT)];
	uint16_t *key = &tag->key[hint->st_bits ? hint->ph & 3 : 0];

	if (!*key) {
		if (*count == ACCEL_KEYS)
			return NULL;
		in->live.keys[*count][ACCEL_KEY_HINT / 8] = hint_word(hint);
		(*count)++;
		*key = (uint16_t)*count;
	}
	return in->live.keys[*key - 1];
}

static void count_write(struct ingress *in, struct ingress_tag *tag, const struct tlp_hint *hint,
			unsigned partition, size_t bytes)
{
	uint64_t *totals = in->live.totals;
	uint64_t *key = find_key(in, tag, hint);

	totals[INGRESS_TOTAL(ACCEL_REG_TLPS)]++;
	totals[INGRESS_TOTAL(ACCEL_REG_TLPS_PLAIN) + hint->st_bits / 8]++;
	totals[INGRESS_TOTAL(ACCEL_REG_BYTES)] += bytes;
	in->live.partitions[partition][ACCEL_PARTITION_TLPS / 8]++;
	in->live.partitions[partition][ACCEL_PARTITION_BYTES / 8] += bytes;
	if (key) {
		key[ACCEL_KEY_TLPS / 8]++;
		key[ACCEL_KEY_BYTES / 8] += bytes;
	} else {
		totals[INGRESS_TOTAL(ACCEL_REG_KEY_OVERFLOW_TLPS)]++;
		totals[INGRESS_TOTAL(ACCEL_REG_KEY_OVERFLOW_BYTES)] += bytes;
	}
}

/* @info: the INFO word without the TLP's length and bytes */
static void record(struct ingress *in, uint64_t offset, const struct tlp *tlp, uint64_t info)
{
	uint64_t *entry = in->live.ring[in->sequence % ACCEL_RING];

	entry[ACCEL_RING_SEQUENCE / 8] = in->sequence++;
	entry[ACCEL_RING_OFFSET / 8] = offset;
	entry[ACCEL_RING_HINT / 8] = hint_word(&tlp->hint) |
				     (uint64_t)(tlp->first_be & 0xf) << ACCEL_RING_FIRST_BE_SHIFT |
				     (uint64_t)(tlp->last_be & 0xf) << ACCEL_RING_LAST_BE_SHIFT |
				     (uint64_t)tlp->requester << ACCEL_RING_REQUESTER_SHIFT;
	entry[ACCEL_RING_INFO / 8] =
		info | tlp->length_dw | (uint64_t)tlp_bytes(tlp) << ACCEL_RING_BYTES_SHIFT;
}

void ingress_write(struct ingress *in, uint64_t offset, const struct tlp *tlp,
		   const uint8_t *payload)
{
	uint64_t *totals = in->live.totals;
	struct tlp_hint hint = tlp->hint;
	unsigned partition, op, flags = tlp->flit ? ACCEL_RING_FLAG_FLIT : 0;
	struct ingress_tag *tag;
	uint32_t rule;

	if (malformed(in, tlp)) {
		totals[INGRESS_TOTAL(ACCEL_REG_MALFORMED)]++;
		record(in, offset, tlp,
		       (uint64_t)(flags | ACCEL_RING_FLAG_MALFORMED) << ACCEL_RING_FLAGS_SHIFT);
		return;
	}
	if (ignored(in, tlp)) {
		hint = (struct tlp_hint){0};
		flags |= ACCEL_RING_FLAG_IGNORED;
		totals[INGRESS_TOTAL(ACCEL_REG_HINTS_IGNORED)]++;
	}
	tag = &in->tags[tag_index(hint.st_bits, hint.st)];
	rule = tag->rule ? in->rules[tag->rule - 1] : 0;
	partition = (rule & ACCEL_RULE_PARTITION_MASK) >> ACCEL_RULE_PARTITION_SHIFT;
	op = (rule & ACCEL_RULE_OP_MASK) >> ACCEL_RULE_OP_SHIFT;
	if (!ingress_operate(op, tlp, payload, in->memory + offset)) {
		flags |= ACCEL_RING_FLAG_OP_ERROR;
		totals[INGRESS_TOTAL(ACCEL_REG_OP_ERRORS)]++;
	}
	count_write(in, tag, &hint, partition, tlp_bytes(tlp));
	record(in, offset, tlp,
	       (uint64_t)partition << ACCEL_RING_PARTITION_SHIFT |
		       (uint64_t)op << ACCEL_RING_OP_SHIFT |
		       (uint64_t)flags << ACCEL_RING_FLAGS_SHIFT);
}

int ingress_read(struct ingress *in, uint64_t offset, const struct tlp *tlp, uint8_t *payload)
{
	uint64_t *totals = in->live.totals;

	if (malformed(in, tlp)) {
		totals[INGRESS_TOTAL(ACCEL_REG_MALFORMED)]++;
		return -EBADMSG;
	}
	totals[INGRESS_TOTAL(ACCEL_REG_READS)]++;
	totals[INGRESS_TOTAL(ACCEL_REG_READ_BYTES)] += tlp_bytes(tlp);
	if (tlp->hint.st_bits)
		totals[INGRESS_TOTAL(ACCEL_REG_READS_HINTED)]++;
	memcpy(payload, in->memory + offset, 4 * (size_t)tlp->length_dw);
	return 0;
}

void ingress_take_snapshot(struct ingress *in)
{
	size_t oldest = in->sequence > ACCEL_RING ? in->sequence % ACCEL_RING : 0;
	struct ingress_counters *to = &in->snapshot;

	*to = in->live;
	to->totals[INGRESS_TOTAL(ACCEL_REG_RING_COUNT)] =
		in->sequence < ACCEL_RING ? in->sequence : ACCEL_RING;
	if (oldest) {
		memcpy(to->ring, in->live.ring[oldest],
		       (ACCEL_RING - oldest) * sizeof(to->ring[0]));
		memcpy(to->ring[ACCEL_RING - oldest], in->live.ring, oldest * sizeof(to->ring[0]));
	}
}

void ingress_clear(struct ingress *in)
{
	uint64_t keys = in->live.totals[INGRESS_TOTAL(ACCEL_REG_KEY_COUNT)];

	for (uint64_t i = 0; i < keys; i++) {
		uint64_t hint = in->live.keys[i][ACCEL_KEY_HINT / 8];
		unsigned tag = tag_index(ACCEL_HINT_ST_BITS(hint), ACCEL_HINT_ST(hint));

		in->tags[tag].key[ACCEL_HINT_PH(hint)] = 0;
	}
	memset(&in->live, 0, sizeof(in->live));
	in->sequence = 0;
}

static struct ingress_tag *tag_of_rule(struct ingress *in, uint32_t rule)
{
	return &in->tags[tag_index(rule & ACCEL_RULE_EXT ? 16 : 8, rule & ACCEL_RULE_ST_MASK)];
}

static bool legal(const struct ingress *in, uint32_t rule)
{
	bool ext = rule & ACCEL_RULE_EXT;
	uint32_t st = rule & ACCEL_RULE_ST_MASK;

	if (!(rule & ACCEL_RULE_VALID) || rule & ACCEL_RULE_RESERVED_MASK ||
	    (rule & ACCEL_RULE_OP_MASK) >> ACCEL_RULE_OP_SHIFT > ACCEL_OP_ADD_F32)
		return false;
	if (in->completer == PCI_TPH_COMPLETER_NONE ||
	    (ext && in->completer != PCI_TPH_COMPLETER_16))
		return false;
	return st && (ext || st <= 0xff);
}

bool ingress_set_rule(struct ingress *in, unsigned slot, uint32_t value)
{
	if (in->rules[slot])
		tag_of_rule(in, in->rules[slot])->rule = 0;
	in->rules[slot] = 0;
	if (!value)
		return true;
	if (!legal(in, value) || tag_of_rule(in, value)->rule)
		return false;
	in->rules[slot] = value;
	tag_of_rule(in, value)->rule = (uint16_t)(slot + 1);
	return true;
}

void ingress_clear_rules(struct ingress *in)
{
	for (unsigned slot = 0; slot < ACCEL_RULES; slot++)
		ingress_set_rule(in, slot, 0);
}

void ingress_reset(struct ingress *in)
{
	ingress_clear(in);
	ingress_clear_rules(in);
	memset(&in->snapshot, 0, sizeof(in->snapshot));
}
