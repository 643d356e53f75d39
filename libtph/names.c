// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "tph/tph.h"
#include "util/macros.h"

/* NULL if @index is out of range. */
#define NAME(names, index) ((size_t)(index) < ARRAY_SIZE(names) ? (names)[index] : NULL)

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -EINVAL;
}

static const char *const ph_names[] = {"bidirectional", "requester", "target", "target-priority"};

const char *tph_ph_str(unsigned ph)
{
	return NAME(ph_names, ph);
}

int tph_ph_parse(const char *name)
{
	return find_name(ph_names, ARRAY_SIZE(ph_names), name);
}

static const char *const width_names[] = {"8-bit", "16-bit"};

const char *tph_width_str(unsigned width)
{
	return NAME(width_names, width);
}

int tph_width_parse(const char *name)
{
	static const char *const numbers[] = {"8", "16"};
	int width = find_name(numbers, ARRAY_SIZE(numbers), name);

	return width >= 0 ? width : find_name(width_names, ARRAY_SIZE(width_names), name);
}

const char *tph_side_str(unsigned side)
{
	static const char *const names[] = {"importer", "common", "exporter"};

	return NAME(names, side);
}

const char *tph_seen_str(unsigned seen)
{
	static const char *const names[] = {"no", "yes", "not-visible", "no-answer", "malformed"};

	return NAME(names, seen);
}

const char *tph_port_str(unsigned port)
{
	static const char *const names[] = {
		[TPH_PORT_UNKNOWN] = "unknown",
		[TPH_PORT_ENDPOINT] = "endpoint",
		[TPH_PORT_RC_ENDPOINT] = "rc-endpoint",
		[TPH_PORT_RC_EVENT_COLLECTOR] = "rc-event-collector",
		[TPH_PORT_ROOT] = "root-port",
		[TPH_PORT_UPSTREAM] = "upstream-port",
		[TPH_PORT_DOWNSTREAM] = "downstream-port",
		[TPH_PORT_PCIE_TO_PCI] = "pcie-to-pci-bridge",
		[TPH_PORT_PCI_TO_PCIE] = "pci-to-pcie-bridge",
		[TPH_PORT_PCI] = "pci",
		[TPH_PORT_PCI_BRIDGE] = "pci-bridge",
		[TPH_PORT_HOST_BRIDGE] = "host-bridge",
	};

	return NAME(names, port);
}

const char *tph_mode_str(unsigned mode)
{
	static const char *const names[] = {
		"no-st",    "interrupt-vector", "device-specific", "reserved",
		"reserved", "reserved",		"reserved",	   "reserved",
	};

	return NAME(names, mode);
}

const char *tph_enable_str(unsigned enable)
{
	static const char *const names[] = {"off", "8-bit", "reserved", "16-bit"};

	return NAME(names, enable);
}

const char *tph_table_str(unsigned table)
{
	static const char *const names[] = {"none", "capability", "msi-x", "reserved"};

	return NAME(names, table);
}

const char *tph_completer_str(unsigned completer)
{
	static const char *const names[] = {"none", "8-bit", "reserved", "16-bit"};

	return NAME(names, completer);
}

const char *tph_verdict_str(unsigned verdict)
{
	static const char *const names[] = {"unknown", "none", "best-effort", "guaranteed"};

	return NAME(names, verdict);
}

const char *tph_route_str(unsigned route)
{
	static const char *const names[] = {"unknown", "none", "host", "direct"};

	return NAME(names, route);
}

const char *tph_reason_str(unsigned reason)
{
	static const char *const names[] = {
		[TPH_REASON_NONE] = "none",
		[TPH_REASON_NOT_REQUESTER] = "not-requester",
		[TPH_REASON_REQUESTER_NO_ST] = "requester-no-st",
		[TPH_REASON_REQUESTER_8BIT] = "requester-8bit-only",
		[TPH_REASON_NOT_COMPLETER] = "not-completer",
		[TPH_REASON_COMPLETER_RESERVED] = "completer-reserved",
		[TPH_REASON_COMPLETER_8BIT] = "completer-8bit-only",
		[TPH_REASON_IMPORTER_NOT_VISIBLE] = "importer-not-visible",
		[TPH_REASON_EXPORTER_NOT_VISIBLE] = "exporter-not-visible",
		[TPH_REASON_IMPORTER_NO_ANSWER] = "importer-no-answer",
		[TPH_REASON_EXPORTER_NO_ANSWER] = "exporter-no-answer",
		[TPH_REASON_IMPORTER_MALFORMED] = "importer-malformed",
		[TPH_REASON_EXPORTER_MALFORMED] = "exporter-malformed",
		[TPH_REASON_PATH_NOT_VISIBLE] = "path-not-visible",
		[TPH_REASON_ROUTE_UNKNOWN] = "route-unknown",
		[TPH_REASON_NO_PREFIX] = "no-prefix",
		[TPH_REASON_PREFIX_BLOCKED] = "prefix-blocked",
		[TPH_REASON_NO_ROUTE] = "no-route",
		[TPH_REASON_KERNEL_NO_TPH] = "kernel-no-tph",
		[TPH_REASON_KERNEL_NO_HINTS] = "kernel-no-hints",
		[TPH_REASON_KERNEL_NO_P2PDMA] = "kernel-no-p2pdma",
		[TPH_REASON_KERNEL_UNKNOWN] = "kernel-unknown",
		[TPH_REASON_ACS_REDIRECT] = "acs-redirect",
		[TPH_REASON_ROOT_NOT_COMPLETER] = "root-port-not-completer",
		[TPH_REASON_ROOT_8BIT] = "root-port-8bit-only",
		[TPH_REASON_KERNEL_NO_PEERS] = "kernel-no-peers",
		[TPH_REASON_KERNEL_DISABLED] = "kernel-tph-disabled",
		[TPH_REASON_DISABLED] = "requester-disabled",
		[TPH_REASON_ENABLE_RESERVED] = "requester-enable-reserved",
		[TPH_REASON_MODE_NO_ST] = "requester-mode-no-st",
		[TPH_REASON_ENABLED_8BIT] = "requester-enabled-8bit",
		[TPH_REASON_ENABLED_16BIT] = "requester-enabled-16bit",
		[TPH_REASON_HOST_BRIDGE] = "host-bridge",
		[TPH_REASON_NO_ROOT_PORT] = "no-root-port",
		[TPH_REASON_DRIVER_NEVER] = "driver-never-enables",
		[TPH_REASON_DRIVER_UNKNOWN] = "driver-unknown",
		[TPH_REASON_ACS_PLATFORM] = "acs-platform",
		[TPH_REASON_HOST_16BIT] = "host-16bit",
		[TPH_REASON_SAME_DEVICE] = "same-device",
		[TPH_REASON_NOT_PCIE_8BIT] = "not-pcie",
		[TPH_REASON_NOT_PCIE] = "not-pcie-16bit",
	};

	return NAME(names, reason);
}
