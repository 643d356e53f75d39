// SPDX-License-Identifier: GPL-2.0-or-later
/* The control language (doc/faults.md): valid lines and their meaning, and invalid lines. */
#include <string.h>

#include "lab/command.h"
#include "tests/test.h"
#include "util/macros.h"

#define ALL FABRIC_FAULT_ALL

TEST(faults)
{
	static const struct {
		const char *line;
		enum fabric_fault_kind kind;
		uint64_t left;
		bool reads, writes;
		unsigned delay_ms;
	} good[] = {
		{"accel0 drop", FABRIC_FAULT_DROP, 1, true, true, 0},
		{"accel0 drop 3", FABRIC_FAULT_DROP, 3, true, true, 0},
		{"accel0 drop all", FABRIC_FAULT_DROP, ALL, true, true, 0},
		{"accel0 drop 1000000000", FABRIC_FAULT_DROP, 1000000000, true, true, 0},
		{"  accel0   drop  2 reads ", FABRIC_FAULT_DROP, 2, true, false, 0},
		{"accel0 drop writes", FABRIC_FAULT_DROP, 1, false, true, 0},
		{"accel0 corrupt all writes", FABRIC_FAULT_CORRUPT, ALL, false, true, 0},
		{"accel0 ur 1", FABRIC_FAULT_UR, 1, true, true, 0},
		{"accel0 ca", FABRIC_FAULT_CA, 1, true, true, 0},
		{"accel0 lose", FABRIC_FAULT_LOSE, 1, true, false, 0},
		{"accel0 lose 2 reads", FABRIC_FAULT_LOSE, 2, true, false, 0},
		{"accel0 reorder", FABRIC_FAULT_REORDER, ALL, true, false, 0},
		{"accel0 delay 5ms", FABRIC_FAULT_DELAY, ALL, true, true, 5},
		{"accel0 delay 10000ms 7 writes", FABRIC_FAULT_DELAY, 7, false, true, 10000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct command command;

		assert_null(command_parse(&command, good[i].line, strlen(good[i].line)));
		assert_int_equal(command.verb, COMMAND_FAULT);
		assert_string_equal(command.device, "accel0");
		assert_int_equal(command.kind, good[i].kind);
		assert_int_equal(command.fault.left, good[i].left);
		assert_int_equal(command.fault.reads, good[i].reads);
		assert_int_equal(command.fault.writes, good[i].writes);
		assert_int_equal(command.fault.delay_ms, good[i].delay_ms);
		assert_int_equal(command.fault.hits, 0);
	}
}

TEST(others)
{
	static const struct {
		const char *line, *device;
		enum command_verb verb;
		unsigned tph_bits, after_s;
	} good[] = {
		{"status", "", COMMAND_STATUS, 0, 0},
		{"nic1 clear", "nic1", COMMAND_CLEAR, 0, 0},
		{"nic1 unplug", "nic1", COMMAND_UNPLUG, 0, 0},
		{"nic1 unplug 600s", "nic1", COMMAND_UNPLUG, 0, 600},
		{"nic1 plug", "nic1", COMMAND_PLUG, 0, 0},
		{"nic1 tph none", "nic1", COMMAND_TPH, 0, 0},
		{"nic1 tph 8", "nic1", COMMAND_TPH, 8, 0},
		{"nic1 tph 16", "nic1", COMMAND_TPH, 16, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct command command;

		assert_null(command_parse(&command, good[i].line, strlen(good[i].line)));
		assert_int_equal(command.verb, good[i].verb);
		assert_string_equal(command.device, good[i].device);
		assert_int_equal(command.tph_bits, good[i].tph_bits);
		assert_int_equal(command.after_s, good[i].after_s);
	}
}

/* A line is valid as a whole or not at all: text left over is an error. */
TEST(bad)
{
	static const char *const bad[] = {
		"",
		" ",
		"accel0",
		"accel0 ",
		"accel0 frob",
		"accel0 dro",
		"accel0 drop 0",
		"accel0 drop -1",
		"accel0 drop +1",
		"accel0 drop 1x",
		"accel0 drop 0x1",
		"accel0 drop 1000000001",
		"accel0 drop 4294967297",
		"accel0 drop 99999999999999999999999",
		"accel0 drop 1 1",
		"accel0 drop reads 1",
		"accel0 drop 1 reads writes",
		"accel0 lose writes",
		"accel0 reorder 1 writes",
		"accel0 delay",
		"accel0 delay 5",
		"accel0 delay 0ms",
		"accel0 delay ms",
		"accel0 delay 10001ms",
		"accel0 delay 5ms5",
		"accel0 tph",
		"accel0 tph 9",
		"accel0 tph 8 16",
		"accel0 unplug now",
		"accel0 unplug 0s",
		"accel0 unplug 601s",
		"accel0 unplug 5",
		"accel0 unplug 5s 5s",
		"nic0 link",
		"nic0 link down",
		"nic0 link cut 5ms",
		"nic0 link delay",
		"nic0 link delay 10001ms",
		"status all",
		"accel0accel0accel0 drop",
		"1 2 3 4 5 6 7",
		"accel0 drop\n",
		"accel0\tdrop",
		"accel0 dr\xc3\xb6p",
	};
	static const char status[] = {'s', 't', 'a', 't', 'u', 's'};
	struct command command;
	char line[2 * COMMAND_LINE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!command_parse(&command, bad[i], strlen(bad[i])))
			fail_msg("accepted: %s", bad[i]);
	assert_non_null(command_parse(&command, "status\0", 7));
	memset(line, ' ', sizeof(line));
	memcpy(line, status, sizeof(status));
	assert_null(command_parse(&command, line, COMMAND_LINE_MAX));
	assert_non_null(command_parse(&command, line, COMMAND_LINE_MAX + 1));
}

TEST(links)
{
	static const struct {
		const char *line;
		enum command_verb verb;
		unsigned delay_ms;
	} good[] = {
		{"nic0 link cut", COMMAND_CUT, 0},
		{"nic0 link up", COMMAND_JOIN, 0},
		{"nic0 link delay 5ms", COMMAND_LINK_DELAY, 5},
		{"nic0 link delay none", COMMAND_LINK_DELAY, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct command command;

		assert_null(command_parse(&command, good[i].line, strlen(good[i].line)));
		assert_int_equal(command.verb, good[i].verb);
		assert_string_equal(command.device, "nic0");
		assert_int_equal(command.delay_ms, good[i].delay_ms);
	}
}

/* The message about an unknown fault lists all faults. */
TEST(fault_names)
{
	static const char line[] = "nic0 frob";
	struct command command;
	const char *wrong = command_parse(&command, line, strlen(line));

	assert_non_null(wrong);
	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++)
		assert_non_null(strstr(wrong, fabric_fault_str((enum fabric_fault_kind)kind)));
}
