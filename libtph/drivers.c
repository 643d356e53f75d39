// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Drivers and TPH in Linux 7.3: pcie_enable_tph() and its variants have two
 * callers, mlx5 (drivers/net/ethernet/mellanox/mlx5/core/lib/st.c) and bnxt_en
 * (drivers/net/ethernet/broadcom/bnxt/bnxt.c). IDs are those of the drivers'
 * tables, or of a vendor whose network drivers are all in Linux.
 */
#include <string.h>

#include "tph/tph.h"
#include "util/macros.h"

#define CLASS_NETWORK 0x02

/* Drivers of Linux that are common in such machines; of all others nothing is known. */
static const struct {
	const char *name;
	bool enables;
} drivers[] = {
	{"mlx5_core", true},
	{"bnxt_en", true},
	/* Of Data Direct functions, which send requests of memory regions without hints */
	{"mlx5_ib", false},
	{"mlx4_core", false},
	{"ice", false},
	{"i40e", false},
	{"ixgbe", false},
	{"igb", false},
	{"igc", false},
	{"e1000e", false},
	{"idpf", false},
	{"iavf", false},
	{"r8169", false},
	{"tg3", false},
	{"ena", false},
	{"efa", false},
	{"ionic", false},
	{"mana", false},
	{"gve", false},
	{"cxgb4", false},
	{"qede", false},
	{"hns3", false},
	{"hinic", false},
	{"sfc", false},
	{"atlantic", false},
	{"hfi1", false},
	{"nvme", false},
	{"virtio-pci", false},
	/* A userspace driver cannot: VFIO shows the capability, but ignores writes to it. */
	{"vfio-pci", false},
};

static const struct {
	uint16_t vendor, first, last;
	const char *driver;
} ids[] = {
	/* From Connect-IB on, and BlueField; earlier ones are mlx4's. */
	{0x15b3, 0x1011, 0x10ff, "mlx5_core"},
	{0x15b3, 0xa2d2, 0xa2ff, "mlx5_core"},
	{0x15b3, 0x1002, 0x1010, "mlx4_core"},
	{0x14e4, 0x1604, 0x1609, "bnxt_en"},
	{0x14e4, 0x1614, 0x1614, "bnxt_en"},
	{0x14e4, 0x16bd, 0x16bd, "bnxt_en"},
	{0x14e4, 0x16c0, 0x16c5, "bnxt_en"},
	{0x14e4, 0x16c8, 0x16dc, "bnxt_en"},
	{0x14e4, 0x16de, 0x16f1, "bnxt_en"},
	{0x14e4, 0x1750, 0x1763, "bnxt_en"},
	{0x14e4, 0x1800, 0x181b, "bnxt_en"},
	{0x14e4, 0xd800, 0xd804, "bnxt_en"},
	/* E810, E822, E823, E825, E830, E835 */
	{0x8086, 0x1591, 0x159b, "ice"},
	{0x8086, 0x1888, 0x189a, "ice"},
	{0x8086, 0x124c, 0x124f, "ice"},
	{0x8086, 0x151d, 0x151d, "ice"},
	{0x8086, 0x579c, 0x579f, "ice"},
	{0x8086, 0x12d1, 0x12de, "ice"},
	/* X710, XL710, XXV710, X722 */
	{0x8086, 0x1572, 0x158b, "i40e"},
	{0x8086, 0x37ce, 0x37d3, "i40e"},
	/* 82599, X540, X550 */
	{0x8086, 0x10fb, 0x10fc, "ixgbe"},
	{0x8086, 0x1528, 0x1528, "ixgbe"},
	{0x8086, 0x1563, 0x1563, "ixgbe"},
	/* I350, I210, I211 */
	{0x8086, 0x1521, 0x1524, "igb"},
	{0x8086, 0x1533, 0x1539, "igb"},
	{0x8086, 0x125b, 0x125f, "igc"},
	{0x8086, 0x15f2, 0x15f3, "igc"},
	{0x10ec, 0x8125, 0x8169, "r8169"},
	{0x1d0f, 0xec20, 0xec21, "ena"},
	{0x1d0f, 0xefa0, 0xefa4, "efa"},
	{0x1dd8, 0x1002, 0x1003, "ionic"},
	{0x1414, 0x00b9, 0x00ba, "mana"},
	{0x1ae0, 0x0042, 0x0042, "gve"},
};

static const char *driver_of_ids(const struct tph_function *f)
{
	/* A ConnectX' Data Direct function is of no network class. */
	if (f->vendor == 0x15b3 && f->device == 0x2100)
		return "mlx5_ib";
	if (f->class_code >> 16 != CLASS_NETWORK)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (f->vendor == ids[i].vendor && f->device >= ids[i].first &&
		    f->device <= ids[i].last)
			return ids[i].driver;
	return NULL;
}

static enum tph_support enables_tph(const char *driver)
{
	for (size_t i = 0; driver && i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(driver, drivers[i].name))
			return drivers[i].enables ? TPH_SUPPORT_YES : TPH_SUPPORT_NO;
	return TPH_SUPPORT_UNKNOWN;
}

const char *tph_function_driver(const struct tph_function *function, enum tph_support *enables)
{
	const char *driver =
		function->driver_seen == TPH_SEEN_YES ? function->driver : driver_of_ids(function);

	if (enables)
		*enables = enables_tph(driver);
	return driver;
}
