// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Host bridges through which Linux maps peer-to-peer, as of 7.3: the IDs in
 * pci_p2pdma_whitelist of drivers/pci/p2pdma.c, and the CPUs of
 * cpu_supports_p2pdma() there, by the IDs of their root complexes.
 */
#include "libtph/path.h"
#include "util/macros.h"

#define INTEL	     0x8086
#define AMD	     0x1022
#define GOOGLE	     0x1ae0
#define NVIDIA	     0x10de
#define CLASS_BRIDGE 0x06

#define QEMU	     0x1af4 /* as the vendor of the subsystem */

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

/*
 * Root complexes of AMD's families 17h (Zen) and up: amd_root_ids of
 * arch/x86/kernel/amd_nb.c up to Linux 6.12, and 13e0, 1645 as pci.ids has them.
 */
static const uint16_t zen[] = {
	0x1450, 0x15d0, 0x1480, 0x1630, 0x14b5, 0x14a4, 0x14d8,
	0x14e8, 0x153a, 0x1507, 0x1122, 0x13e0, 0x1645,
};

/* Root Ports and bridges of CPUs that are neither AMD's nor x86: only the list counts. */
static const uint16_t other_cpus[] = {
	NVIDIA,
	0x13b5 /* Arm */,
	0x1def /* Ampere */,
	0x177d /* Cavium */,
	0x19e5 /* Huawei */,
	0x17cb /* Qualcomm */,
	0x1d87 /* Rockchip */,
	0x1014 /* IBM */,
};

bool p2p_host_listed(uint16_t vendor, uint16_t device, bool same_bridge)
{
	for (size_t i = 0; i < ARRAY_SIZE(listed); i++)
		if (vendor == listed[i].vendor &&
		    (listed[i].any_device || device == listed[i].device))
			return same_bridge || !listed[i].same_bridge_only;
	return false;
}

enum tph_support p2p_host_cpu(const struct tph_function *first)
{
	/*
	 * A virtual machine can have a device in place of the bridge, or an old Intel bridge
	 * with any CPU.
	 */
	if (first->class_code >> 16 != CLASS_BRIDGE || first->subsystem_vendor == QEMU)
		return TPH_SUPPORT_UNKNOWN;
	if (first->vendor == INTEL)
		return TPH_SUPPORT_NO;
	for (size_t i = 0; first->vendor == AMD && i < ARRAY_SIZE(zen); i++)
		if (first->device == zen[i])
			return TPH_SUPPORT_YES;
	for (size_t i = 0; i < ARRAY_SIZE(other_cpus); i++)
		if (first->vendor == other_cpus[i])
			return TPH_SUPPORT_NO;
	return TPH_SUPPORT_UNKNOWN;
}
