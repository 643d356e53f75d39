// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/slot.h"
#include "util/macros.h"

struct choice {
	const char *name;
	int value;
};

static const struct choice peers_choices[] = {
	{"switch", FABRIC_PEERS_SWITCH},
	{"host-bridge", FABRIC_PEERS_HOST_BRIDGE},
	{"none", FABRIC_PEERS_NONE},
	{NULL, 0},
};
static const struct choice hints_choices[] = {{"drop", 0}, {"keep", 1}, {NULL, 0}};
static const struct choice completer_choices[] = {
	{"none", PCI_TPH_COMPLETER_NONE},
	{"8", PCI_TPH_COMPLETER_8},
	{"16", PCI_TPH_COMPLETER_16},
	{NULL, 0},
};
static const struct choice requester_choices[] = {{"off", 0}, {"8", 8}, {"16", 16}, {NULL, 0}};

static int bad(const char *option, const char *value)
{
	fprintf(stderr, "fabricd: --%s %s: invalid; start fabricd by lab/tphlab\n", option, value);
	return -EINVAL;
}

static int one_of(const struct choice *choices, const char *option, const char *value, int *out)
{
	for (; choices->name; choices++) {
		if (!strcmp(choices->name, value)) {
			*out = choices->value;
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

static int small_number(const char *option, const char *value, unsigned max, unsigned *out)
{
	unsigned long n = 0;
	int ret = number(option, value, max, &n);

	*out = (unsigned)n;
	return ret;
}

/* The tags that each of several requesters sends. */
static int requesters(const char *option, char *list, unsigned max, unsigned bits[],
		      unsigned *count)
{
	char *save = NULL;

	*count = 0;
	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		int choice;

		if (*count == max)
			return bad(option, item);
		if (one_of(requester_choices, option, item, &choice))
			return -EINVAL;
		bits[(*count)++] = (unsigned)choice;
	}
	return 0;
}

/* A number for each slot. */
static int slot_numbers(const char *option, char *list, unsigned long max,
			uint16_t slots[OPTIONS_SLOTS_MAX])
{
	unsigned n = 0;
	char *save = NULL;

	for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		unsigned long value;

		if (n == OPTIONS_SLOTS_MAX)
			return bad(option, item);
		if (number(option, item, max, &value))
			return -EINVAL;
		slots[n++] = (uint16_t)value;
	}
	return 0;
}

/* Each option has a parser; @name is the option's, @value is argv's or NULL. */

static int parse_dir(struct options *o, const char *name, char *value)
{
	(void)name;
	o->dir = value;
	return 0;
}

static int parse_list(struct options *o, const char *name, char *value)
{
	(void)name;
	(void)value;
	o->list = true;
	return 0;
}

static int parse_trace(struct options *o, const char *name, char *value)
{
	(void)name;
	o->trace = value;
	return 0;
}

static int parse_links(struct options *o, const char *name, char *value)
{
	(void)name;
	o->links = value;
	return 0;
}

static int parse_host(struct options *o, const char *name, char *value)
{
	return small_number(name, value, 1, &o->host);
}

static int parse_user(struct options *o, const char *name, char *value)
{
	return number(name, value, UINT32_MAX - 1, &o->user);
}

static int parse_fault(struct options *o, const char *name, char *value)
{
	if (o->fault_count == OPTIONS_FAULTS_MAX)
		return bad(name, "(too many)");
	o->faults[o->fault_count++] = value;
	return 0;
}

static int parse_peers(struct options *o, const char *name, char *value)
{
	int choice = 0, ret = one_of(peers_choices, name, value, &choice);

	o->peers = (enum fabric_peers)choice;
	return ret;
}

static int parse_host_bridge_hints(struct options *o, const char *name, char *value)
{
	int choice = 0, ret = one_of(hints_choices, name, value, &choice);

	o->host_bridge_keeps_hints = choice;
	return ret;
}

static int parse_mps(struct options *o, const char *name, char *value)
{
	return small_number(name, value, TLP_PAYLOAD_MAX_BYTES, &o->mps_bytes);
}

static int parse_accels(struct options *o, const char *name, char *value)
{
	return small_number(name, value, OPTIONS_ACCELS_MAX, &o->count[DEVICE_ACCEL]);
}

static int parse_accel_tph(struct options *o, const char *name, char *value)
{
	int choice = 0, ret = one_of(completer_choices, name, value, &choice);

	o->accel_completer = (enum pci_tph_completer)choice;
	return ret;
}

static int parse_accel_trapped(struct options *o, const char *name, char *value)
{
	(void)name;
	(void)value;
	o->accel_trapped = true;
	return 0;
}

static int parse_accel_pm(struct options *o, const char *name, char *value)
{
	(void)name;
	(void)value;
	o->accel_pm = true;
	return 0;
}

static int parse_accel_memory(struct options *o, const char *name, char *value)
{
	unsigned long mib = 0;
	int ret = number(name, value, OPTIONS_ACCEL_MIB_MAX, &mib);

	o->accel_memory_bytes = (uint64_t)mib << 20;
	return ret || (mib && !(mib & (mib - 1))) ? ret : bad(name, value);
}

static int parse_nics(struct options *o, const char *name, char *value)
{
	return requesters(name, value, OPTIONS_NICS_MAX, o->nic_tph_bits, &o->count[DEVICE_NIC]);
}

/* "cap": in the capability, of the usual size; a number: of so many entries there; "none". */
static int parse_nic_st_table(struct options *o, const char *name, char *value)
{
	o->nic_st_entries = !strcmp(value, "cap") ? CX_ST_ENTRIES : 0;
	if (o->nic_st_entries || !strcmp(value, "none"))
		return 0;
	return small_number(name, value, CX_ST_ENTRIES_MAX, &o->nic_st_entries);
}

static int parse_endpoints(struct options *o, const char *name, char *value)
{
	return requesters(name, value, OPTIONS_EPTS_MAX, o->ept_tph_bits, &o->count[DEVICE_EPT]);
}

static int parse_ids(struct options *o, const char *name, char *value)
{
	return slot_numbers(name, value, UINT16_MAX, o->ids);
}

static int parse_switches(struct options *o, const char *name, char *value)
{
	return slot_numbers(name, value, UINT16_MAX, o->switches);
}

static int parse_flit(struct options *o, const char *name, char *value)
{
	return slot_numbers(name, value, SLOT_FLIT_ALL, o->flit);
}

static const struct {
	const char *name;
	int has_arg;
	int (*parse)(struct options *o, const char *name, char *value);
} known[] = {
	{"dir", required_argument, parse_dir},
	{"list", no_argument, parse_list},
	{"trace", required_argument, parse_trace},
	{"user", required_argument, parse_user},
	{"links", required_argument, parse_links},
	{"host", required_argument, parse_host},
	{"fault", required_argument, parse_fault},
	{"peers", required_argument, parse_peers},
	{"host-bridge-hints", required_argument, parse_host_bridge_hints},
	{"mps", required_argument, parse_mps},
	{"accels", required_argument, parse_accels},
	{"accel-tph", required_argument, parse_accel_tph},
	{"accel-trapped", no_argument, parse_accel_trapped},
	{"accel-pm", no_argument, parse_accel_pm},
	{"accel-memory", required_argument, parse_accel_memory},
	{"nics", required_argument, parse_nics},
	{"nic-st-table", required_argument, parse_nic_st_table},
	{"endpoints", required_argument, parse_endpoints},
	{"ids", required_argument, parse_ids},
	{"switches", required_argument, parse_switches},
	{"flit", required_argument, parse_flit},
};

int options_parse(struct options *options, int argc, char **argv)
{
	struct option list[ARRAY_SIZE(known) + 1] = {0};
	int index, got;

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		list[i] = (struct option){known[i].name, known[i].has_arg, NULL, 0};
	*options = (struct options){.mps_bytes = 256,
				    .count[DEVICE_ACCEL] = 1,
				    .accel_memory_bytes = 64ULL << 20,
				    .nic_st_entries = CX_ST_ENTRIES};
	while ((got = getopt_long(argc, argv, "", list, &index)) == 0) {
		int ret = known[index].parse(options, known[index].name, optarg);

		if (ret)
			return ret;
	}
	if (got != -1) /* getopt_long() has printed it */
		return -EINVAL;
	if (optind != argc) {
		fprintf(stderr, "fabricd: %s: not an option; all options begin with --\n",
			argv[optind]);
		return -EINVAL;
	}
	return options->dir || options->list ? 0 : bad("dir", "(missing)");
}
