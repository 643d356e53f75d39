// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "examples/p2p.h"

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
	       seen->tag_bits ? tph_ph_word(seen->ph) : "-", pair->data_ok ? "ok" : "WRONG",
	       pair->ok ? "ok" : "FAILED: ", pair->why);
	fflush(stdout);
}

static const char *add_word(enum add_outcome outcome)
{
	static const char *const words[] = {"not tried", "sum right", "SUM WRONG", "refused"};

	return words[outcome];
}

void report_add(const struct add_result *add, const struct nic *nics, unsigned count)
{
	printf("adding by tag 0x%x (%u-bit, required):", add->tag, add->tag_bits);
	for (unsigned i = 0; i < count; i++)
		printf("%s %s %s", i ? "," : "", nics[i].name, add_word(add->outcomes[i]));
	printf("  %s\n", add->ok ? "ok" : "FAILED");
}

static void json_add(FILE *f, const struct add_result *add, unsigned count)
{
	fprintf(f, "{\"width\":%u,\"st\":\"0x%x\",\"nics\":[", add->tag_bits, add->tag);
	for (unsigned i = 0; i < count; i++)
		fprintf(f, "%s\"%s\"", i ? "," : "", add_word(add->outcomes[i]));
	fprintf(f, "],\"ok\":%s}", add->ok ? "true" : "false");
}

static void json_pair(FILE *f, const struct pair *pair)
{
	const struct accel_counters *c = &pair->counters;
	const struct accel_key *seen = &pair->seen;

	fprintf(f,
		"{\"buffer\":\"%s\",\"nic\":\"%s\",\"nic_width\":%u,\"bytes\":%zu,\"tlps\":%llu,"
		"\"hinted\":%llu,\"width\":%u,",
		pair->buffer->name, pair->nic->name, pair->nic->tag_bits, pair->bytes,
		(unsigned long long)c->tlps, (unsigned long long)(c->tlps - c->plain),
		seen->tag_bits);
	if (seen->tag_bits)
		fprintf(f, "\"st\":\"0x%x\",\"ph\":\"%s\",", seen->tag, tph_ph_word(seen->ph));
	else
		fprintf(f, "\"st\":null,\"ph\":null,");
	fprintf(f, "\"data_ok\":%s}", pair->data_ok ? "true" : "false");
}

static int cannot_write(const char *path, const char *advice)
{
	int err = errno;

	fprintf(stderr, "p2p_write: cannot write %s: %s; %s\n", path, strerror(err), advice);
	return -err;
}

int report_json(const struct options *options, const struct pair *pairs, unsigned count,
		const struct add_result *add, bool ok)
{
	struct utsname uts;
	FILE *f = fopen(options->json, "we");

	if (!f)
		return cannot_write(options->json, "choose another --json");
	uname(&uts);
	fprintf(f, "{\"ok\":%s,\"kernel\":\"%s\",\"topology\":\"%s\",\"pairs\":[",
		ok ? "true" : "false", uts.release, options->topology);
	for (unsigned i = 0; i < count; i++) {
		fputs(i ? ",\n" : "\n", f);
		json_pair(f, &pairs[i]);
	}
	fprintf(f, "],\n\"add\":");
	json_add(f, add, options->nic_count);
	fprintf(f, "}\n");
	return fclose(f) ? cannot_write(options->json, "is there room?") : 0;
}
