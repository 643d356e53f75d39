// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "examples/p2p.h"

/* A string of JSON. */
static void json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

static const char *json_bool(bool value)
{
	return value ? "true" : "false";
}

/* What the accelerator counted, as members of an object. */
static void json_counted(FILE *f, const struct accel_counters *c, const struct accel_share *shares)
{
	const char *separator = "";

	fprintf(f, "\"tlps\":%llu,\"hinted\":%llu,\"partitions\":[", (unsigned long long)c->tlps,
		(unsigned long long)(c->tlps - c->plain));
	for (unsigned i = 0; i < ACCEL_PARTITIONS; i++) {
		if (!shares[i].tlps)
			continue;
		fprintf(f, "%s{\"partition\":%u,\"tlps\":%llu,\"bytes\":%llu}", separator, i,
			(unsigned long long)shares[i].tlps, (unsigned long long)shares[i].bytes);
		separator = ",";
	}
	putc(']', f);
}

static void json_pair(FILE *f, const struct pair *pair)
{
	const struct accel_key *seen = &pair->seen;

	fprintf(f, "{\"buffer\":\"%s\",\"nic\":\"%s\",\"nic_width\":%u,\"bytes\":%zu,\"width\":%u,",
		pair->buffer->name, pair->nic->name, pair->nic->tag_bits, pair->bytes,
		seen->tag_bits);
	if (seen->tag_bits)
		fprintf(f, "\"st\":\"0x%x\",\"ph\":\"%s\",", seen->tag, tph_ph_word(seen->ph));
	else
		fprintf(f, "\"st\":null,\"ph\":null,");
	fprintf(f, "\"data_ok\":%s,\"ok\":%s,\"why\":\"%s\",", json_bool(pair->data_ok),
		json_bool(pair->ok), pair->why);
	json_counted(f, &pair->counters, pair->shares);
	putc('}', f);
}

static void json_pairs(FILE *f, const struct report *report)
{
	fputs("\"pairs\":[", f);
	for (unsigned i = 0; i < report->pair_count; i++) {
		fputs(i ? ",\n" : "\n", f);
		json_pair(f, &report->pairs[i]);
	}
	putc(']', f);
}

static void json_add(FILE *f, const struct report *report)
{
	const struct add_result *add = report->add;

	fprintf(f, ",\n\"add\":{\"width\":%u,\"st\":\"0x%x\",\"ph\":\"%s\",\"ok\":%s,\"nics\":[",
		add->tag_bits, add->tag, tph_ph_word(add->ph), json_bool(add->ok));
	for (unsigned i = 0; i < report->nic_count; i++) {
		const struct add_try *try = &add->tries[i];

		fprintf(f, "%s{\"nic\":\"%s\",\"outcome\":\"%s\",\"bytes\":%llu,", i ? ",\n" : "\n",
			report->nics[i].name, add_word(try->outcome),
			(unsigned long long)try->counters.bytes);
		json_counted(f, &try->counters, try->shares);
		putc('}', f);
	}
	fputs("]}", f);
}

static void json_nics(FILE *f, const struct report *report)
{
	fputs(",\n\"nics\":[", f);
	for (unsigned i = 0; i < report->nic_count; i++) {
		const struct nic *nic = &report->nics[i];
		char path[128 + NIC_NAME_BYTES], device[512] = "";

		snprintf(path, sizeof(path), "/sys/class/infiniband/%s/device", nic->name);
		if (readlink(path, device, sizeof(device) - 1) < 0)
			device[0] = '\0';
		fprintf(f, "%s{\"name\":\"%s\",\"bdf\":", i ? "," : "", nic->name);
		json_text(f, strrchr(device, '/') ? strrchr(device, '/') + 1 : device);
		fprintf(f, ",\"width\":%u}", nic->tag_bits);
	}
	putc(']', f);
}

/* What becomes of each tag, as the accelerator's registers say it. */
static void json_rules(FILE *f, const struct accel *accel)
{
	static const char *const operations[] = {"store", "add u32", "add f32", "reserved"};
	const char *separator = "";
	uint32_t rule;

	fputs(",\n\"rules\":[", f);
	for (unsigned slot = 0; slot < ACCEL_RULES; slot++) {
		if (accel_read_rule(accel, slot, &rule) || !rule)
			continue;
		fprintf(f, "%s{\"st\":\"0x%x\",\"width\":%d,\"partition\":%u,\"operation\":\"%s\"}",
			separator, rule & ACCEL_RULE_ST_MASK, rule & ACCEL_RULE_EXT ? 16 : 8,
			(rule & ACCEL_RULE_PARTITION_MASK) >> ACCEL_RULE_PARTITION_SHIFT,
			operations[(rule & ACCEL_RULE_OP_MASK) >> ACCEL_RULE_OP_SHIFT]);
		separator = ",";
	}
	putc(']', f);
}

/* What anybody can read of a buffer's hints, and who took them. */
static void json_buffers(FILE *f, const struct report *report)
{
	fputs(",\n\"buffers\":[", f);
	for (size_t i = 0; i < report->buffer_count; i++) {
		const struct buffer *b = &report->buffers[i];
		char path[64], text[1024] = "";
		FILE *info;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", b->fd);
		info = fopen(path, "re");
		if (info) {
			text[fread(text, 1, sizeof(text) - 1, info)] = '\0';
			fclose(info);
		}
		fprintf(f, "%s{\"name\":\"%s\",\"fdinfo\":", i ? ",\n" : "\n", b->name);
		json_text(f, text);
		putc('}', f);
	}
	putc(']', f);
}

static int cannot_write(const char *path, const char *advice)
{
	int err = errno;

	fprintf(stderr, "p2p_write: cannot write %s: %s; %s\n", path, strerror(err), advice);
	return -err;
}

int report_json(const struct report *report, const char *path)
{
	struct utsname uts;
	FILE *f = fopen(path, "we");

	if (!f)
		return cannot_write(path, "choose another --json");
	uname(&uts);
	fprintf(f, "{\"ok\":%s,\"kernel\":\"%s\",\"topology\":\"%s\",", json_bool(report->ok),
		uts.release, report->topology);
	json_pairs(f, report);
	json_add(f, report);
	json_nics(f, report);
	json_rules(f, report->accel);
	json_buffers(f, report);
	fputs("}\n", f);
	return fclose(f) ? cannot_write(path, "is there room?") : 0;
}
