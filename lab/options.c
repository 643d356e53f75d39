// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
	const char *name;
	int value;
};

static const struct word peers_words[] = {
	{"switch", FABRIC_PEERS_SWITCH},
	{"host-bridge", FABRIC_PEERS_HOST_BRIDGE},
	{"none", FABRIC_PEERS_NONE},
	{NULL, 0},
};
static const struct word hints_words[] = {{"drop", 0}, {"keep", 1}, {NULL, 0}};
static const struct word completer_words[] = {
	{"none", PCI_TPH_COMPLETER_NONE},
	{"8", PCI_TPH_COMPLETER_8},
	{"16", PCI_TPH_COMPLETER_16},
	{NULL, 0},
};
static const struct word requester_words[] = {{"off", 0}, {"8", 8}, {"16", 16}, {NULL, 0}};

static int bad(const char *option, const char *value)
{
	fprintf(stderr, "fabricd: --%s %s: not understood; lab/tphlab starts fabricd rightly\n",
		option, value);
	return -EINVAL;
}

static int one_of(const struct word *words, const char *option, const char *value, int *out)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, value)) {
			*out = words->value;
			return 0;
		}
	}
	return bad(option, value);
}

static int number(const char *option, const char *value, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(value, &end, 0);
	return errno || end == value || *end || *out > max ? bad(option, value) : 0;
}

/* Which tags each of several requesters sends. */
static int parse_requesters(const char *option, char *list, unsigned max, unsigned bits[],
			    unsigned *count)
{
	char *save = NULL;

	*count = 0;
	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		int choice;

		if (*count == max || one_of(requester_words, option, item, &choice))
			return bad(option, item);
		bits[(*count)++] = (unsigned)choice;
	}
	return 0;
}

/* The table in the capability, as large as it usually is or of so many entries; or none. */
static int parse_st_table(struct options *o, const char *value)
{
	unsigned long n = !strcmp(value, "cap") ? CX_ST_ENTRIES : 0;
	int err = n || !strcmp(value, "none")
			  ? 0
			  : number("nic-st-table", value, CX_ST_ENTRIES_MAX, &n);

	o->nic_st_entries = (unsigned)n;
	return err;
}

/* A number for each slot. */
static int parse_slots(const char *option, char *list, uint16_t slots[OPTIONS_SLOTS_MAX])
{
	unsigned n = 0;
	char *save = NULL;

	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		unsigned long value;

		if (n == OPTIONS_SLOTS_MAX || number(option, item, UINT16_MAX, &value))
			return bad(option, item);
		slots[n++] = (uint16_t)value;
	}
	return 0;
}

static int parse_one(struct options *o, const char *name, char *value)
{
	int choice = 0, err = 0;
	unsigned long n = 0;

	if (!strcmp(name, "dir")) {
		o->dir = value;
	} else if (!strcmp(name, "fault")) {
		if (o->fault_count == OPTIONS_FAULTS_MAX)
			return bad(name, "(too many)");
		o->faults[o->fault_count++] = value;
	} else if (!strcmp(name, "trace")) {
		o->trace = value;
	} else if (!strcmp(name, "user")) {
		err = number(name, value, UINT32_MAX - 1, &o->user);
	} else if (!strcmp(name, "peers")) {
		err = one_of(peers_words, name, value, &choice);
		o->peers = (enum fabric_peers)choice;
	} else if (!strcmp(name, "host-bridge-hints")) {
		err = one_of(hints_words, name, value, &choice);
		o->host_bridge_keeps_hints = choice;
	} else if (!strcmp(name, "mps")) {
		err = number(name, value, TLP_PAYLOAD_MAX_BYTES, &n);
		o->mps_bytes = (unsigned)n;
	} else if (!strcmp(name, "accels")) {
		err = number(name, value, OPTIONS_ACCELS_MAX, &n);
		o->accel_count = (unsigned)n;
	} else if (!strcmp(name, "accel-tph")) {
		err = one_of(completer_words, name, value, &choice);
		o->accel_completer = (enum pci_tph_completer)choice;
	} else if (!strcmp(name, "nic-st-table")) {
		err = parse_st_table(o, value);
	} else if (!strcmp(name, "nics")) {
		err = parse_requesters(name, value, OPTIONS_NICS_MAX, o->nic_tph_bits,
				       &o->nic_count);
	} else if (!strcmp(name, "endpoints")) {
		err = parse_requesters(name, value, OPTIONS_EPTS_MAX, o->ept_tph_bits,
				       &o->ept_count);
	} else if (!strcmp(name, "ids")) {
		err = parse_slots(name, value, o->ids);
	} else if (!strcmp(name, "switches")) {
		err = parse_slots(name, value, o->switches);
	} else {
		o->accel_trapped = true;
	}
	return err;
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"dir", required_argument, NULL, 0},
		{"trace", required_argument, NULL, 0},
		{"user", required_argument, NULL, 0},
		{"peers", required_argument, NULL, 0},
		{"host-bridge-hints", required_argument, NULL, 0},
		{"mps", required_argument, NULL, 0},
		{"accels", required_argument, NULL, 0},
		{"accel-tph", required_argument, NULL, 0},
		{"accel-trapped", no_argument, NULL, 0},
		{"nic-st-table", required_argument, NULL, 0},
		{"nics", required_argument, NULL, 0},
		{"endpoints", required_argument, NULL, 0},
		{"ids", required_argument, NULL, 0},
		{"fault", required_argument, NULL, 0},
		{"switches", required_argument, NULL, 0},
		{NULL, 0, NULL, 0},
	};
	int index, got;

	*options = (struct options){
		.mps_bytes = 256, .accel_count = 1, .nic_st_entries = CX_ST_ENTRIES};
	while ((got = getopt_long(argc, argv, "", known, &index)) == 0) {
		int err = parse_one(options, known[index].name, optarg);

		if (err)
			return err;
	}
	if (got != -1) /* getopt_long() has said it */
		return -EINVAL;
	if (optind != argc)
		return bad("(nothing)", argv[optind]);
	return options->dir ? 0 : bad("dir", "(missing)");
}
