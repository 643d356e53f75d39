// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Host bridges through which Linux maps peer-to-peer, as of 7.3: the ids in
 * pci_p2pdma_whitelist of drivers/pci/p2pdma.c.
 */
#include "libtph/path.h"
#include "util/macros.h"

#define INTEL  0x8086
#define GOOGLE 0x1ae0
#define NVIDIA 0x10de

static const struct {
	uint16_t vendor, device;
	bool any_device, same_bridge_only;
} listed[] = {
	/* Xeon E5 and E7 of up to the third generation: not between two bridges */
	{INTEL, 0x3c00, false, true},
	{INTEL, 0x3c01, false, true},
	{INTEL, 0x2f00, false, true},
	{INTEL, 0x2f01, false, true},
	/* Xeon from Skylake on, by the first function on the root bus */
	{INTEL, 0x2030, false, false},
	{INTEL, 0x2031, false, false},
	{INTEL, 0x2032, false, false},
	{INTEL, 0x2033, false, false},
	{INTEL, 0x2020, false, false},
	{INTEL, 0x09a2, false, false},
	{INTEL, 0x0b25, false, false},
	{INTEL, 0x0cfe, false, false},
	{INTEL, 0x11fb, false, false},
	{INTEL, 0x1212, false, false},
	{INTEL, 0x1216, false, false},
	{INTEL, 0x4940, false, false},
	{INTEL, 0x4942, false, false},
	{INTEL, 0x4944, false, false},
	{INTEL, 0x4946, false, false},
	{INTEL, 0x4948, false, false},
	{GOOGLE, 0, true, false},
	{NVIDIA, 0x2f95, false, false},
	{NVIDIA, 0x2f96, false, false},
	{NVIDIA, 0x2f97, false, false},
	{NVIDIA, 0x2f98, false, false},
};

bool p2p_host_listed(uint16_t vendor, uint16_t device, bool same_bridge)
{
	for (size_t i = 0; i < ARRAY_SIZE(listed); i++)
		if (vendor == listed[i].vendor &&
		    (listed[i].any_device || device == listed[i].device))
			return same_bridge || !listed[i].same_bridge_only;
	return false;
}
