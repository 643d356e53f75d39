// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes may come over the control socket. A line is refused with a reason,
 * or is a command within its limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lab/command.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_fault(const struct command *command)
{
	const struct fabric_fault *fault = &command->fault;

	require((unsigned)command->kind < FABRIC_FAULT_KINDS);
	require(fault->reads || fault->writes);
	require(fault->left == FABRIC_FAULT_ALL || (fault->left && fault->left <= 1000000000));
	require(!fault->delay_ms == (command->kind != FABRIC_FAULT_DELAY));
	require(fault->delay_ms <= COMMAND_DELAY_MS_MAX);
	require(!fault->hits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command command;

	if (command_parse(&command, (const char *)data, size))
		return 0;
	require(size <= COMMAND_LINE_MAX && !memchr(data, '\n', size));
	require(memchr(command.device, '\0', sizeof(command.device)) != NULL);
	require(!command.device[0] == (command.verb == COMMAND_STATUS));
	if (command.verb == COMMAND_FAULT)
		check_fault(&command);
	require(command.tph_bits == 0 || command.tph_bits == 8 || command.tph_bits == 16);
	return 0;
}
