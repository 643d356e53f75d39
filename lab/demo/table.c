// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "lab/demo/demo.h"

void report_head(void)
{
	printf("\n%-7s %-8s %-7s %7s %7s  %-15s %-15s %-5s %s\n", "buffer", "NIC", "sends", "TLPs",
	       "hinted", "tag on the wire", "PH", "data", "verdict");
}

void report_pair(const struct pair *pair)
{
	const struct accel_counters *c = &pair->counters;
	const struct accel_key *seen = &pair->seen;
	char sends[16] = "no tag", tag[32] = "-";

	if (pair->nic->tag_bits)
		snprintf(sends, sizeof(sends), "%u-bit", pair->nic->tag_bits);
	if (seen->tag_bits)
		snprintf(tag, sizeof(tag), "0x%x (%u-bit)", seen->tag, seen->tag_bits);
	printf("%-7s %-8s %-7s %7llu %7llu  %-15s %-15s %-5s %s%s\n", pair->buffer->name,
	       pair->nic->name, sends, (unsigned long long)c->tlps,
	       (unsigned long long)(c->tlps - c->plain), tag,
	       seen->tag_bits ? tph_ph_str(seen->ph) : "-", pair->data_ok ? "ok" : "WRONG",
	       pair->ok ? "ok" : "FAILED: ", pair->why);
	fflush(stdout);
}

const char *add_word(enum add_outcome outcome)
{
	static const char *const words[] = {"not tried", "sum right", "SUM WRONG", "refused"};

	return words[outcome];
}

void report_endpoint(const struct endpoint_result *endpoint)
{
	const struct pair *pair = &endpoint->pair;
	const struct accel_counters *c = &pair->counters;
	char name[TPH_BDF_CHARS];

	if (!endpoint->tried)
		return;
	printf("endpoint %s (pci_endpoint_test, %u-bit) into %s: %llu TLPs, %llu with 0x%x "
	       "(%u-bit)  %s%s\n",
	       tph_bdf_format(&endpoint->bdf, name), endpoint->tag_bits, pair->buffer->name,
	       (unsigned long long)c->tlps, (unsigned long long)(c->tlps - c->plain),
	       pair->seen.tag, pair->seen.tag_bits, pair->ok ? "ok" : "FAILED: ", pair->why);
}

void report_add(const struct add_result *add, const struct nic *nics, unsigned count)
{
	printf("adding by tag 0x%x (%u-bit, required):", add->tag, add->tag_bits);
	for (unsigned i = 0; i < count; i++)
		printf("%s %s %s", i ? "," : "", nics[i].name, add_word(add->tries[i].outcome));
	printf("  %s\n", add->ok ? "ok" : "FAILED");
}
