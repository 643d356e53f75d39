// SPDX-License-Identifier: GPL-2.0-or-later
/* Routing: to peers, below switches, to the host; unclaimed requests. */
#include <errno.h>
#include <string.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"
#include "util/macros.h"

/* Behind an IOMMU an address does not name a peer's BAR: all requests go to the host. */
TEST(no_peers)
{
	struct world *w = world_new(FABRIC_PEERS_NONE, false, 256, 512);
	uint8_t data[4] = {1, 2, 3, 4};

	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped, data, 4);
	world_free(w);
}

/* Below one switch requests take the direct route, whatever config.peers is; between switches they
 * do not. */
TEST(two_switches)
{
	static const struct {
		enum fabric_peers peers;
		unsigned accel_switch;
		int ret;
		unsigned st_bits; /* of the TLP that arrives */
	} cases[] = {
		{FABRIC_PEERS_HOST_BRIDGE, 1, 0, 8}, {FABRIC_PEERS_HOST_BRIDGE, 2, 0, 0},
		{FABRIC_PEERS_HOST_BRIDGE, 0, 0, 0}, {FABRIC_PEERS_NONE, 1, 0, 8},
		{FABRIC_PEERS_NONE, 2, -EFAULT, 0},
	};
	const struct tlp_hint hint = {8, TLP_PH_TARGET, 0x5a};
	uint8_t data[4] = {1, 2, 3, 4};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fabric_config config = {cases[i].peers, false, 256, 512};
		struct world *w = world_new_below(&config, 1, cases[i].accel_switch);

		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, &hint, 0), cases[i].ret);
		assert_int_equal(w->num_seen, !cases[i].ret);
		if (w->num_seen)
			assert_int_equal(w->seen[0].tlp.hint.st_bits, cases[i].st_bits);
		world_free(w);
	}
}

/* Decoding follows what the guest programs: moved, off, or beyond the end of the address space. */
TEST(bar_programming)
{
	struct world *w = world_default();
	uint8_t data[4] = {9, 8, 7, 6};

	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0 + 0x100000, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + 0x100000, data, 4, NULL, 0), 0);
	assert_memory_equal(w->bar0, data, 4);
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0, 0);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	fabric_port_set_bar(w->accel, 0, UINT64_MAX - 0xfff, AREA);
	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 0xfff, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_write(w->nic, 0, data, 4, NULL, 0), -EFAULT);
	/* The last window of the address space is decoded. */
	fabric_port_set_bar(w->accel, 0, UINT64_MAX - 0xfff, 0x1000);
	assert_int_equal(fabric_write(w->nic, UINT64_MAX - 3, data, 4, NULL, 0), 0);
	assert_memory_equal(w->bar0 + 0xffc, data, 4);
	fabric_port_set_bar(w->accel, 6, ACCEL_BAR0, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	world_free(w);
}

/* A switch sends no request back to its port; of two overlapping windows the first claims it. */
TEST(routing_order)
{
	struct world *w = world_default();
	struct fabric_port *third;
	const struct fabric_port_config config = {.name = "third"};
	uint8_t data[4] = {1, 2, 3, 4};

	/* The NIC's own BAR over mapped host memory: the request goes to the host. */
	fabric_port_set_bar(w->nic, 0, HOST_MAPPED, AREA);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 8, data, 4, NULL, 0), 0);
	assert_memory_equal(w->mapped + 8, data, 4);

	assert_int_equal(fabric_port_add(w->fabric, &third, &config), 0);
	fabric_port_set_bar(third, 0, ACCEL_BAR0, AREA);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), 0);
	assert_int_equal(w->num_seen, 1);
	/* A peer's window over host memory: peers come first. */
	fabric_port_set_bar(w->accel, 2, HOST_MAPPED, AREA);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 16, data, 4, NULL, 0), 0);
	assert_int_equal(w->num_seen, 2);
	assert_memory_equal(w->bar2 + 16, data, 4);
	world_free(w);
}

/* Small windows within one page: each TLP is routed by its own first byte. */
static void check_windows_within_a_page(enum fabric_peers peers, unsigned below)
{
	const struct fabric_config config = {peers, false, 128, 512};
	struct world *w = world_new_below(&config, below, below);
	uint8_t data[4096], back[4096];

	fill(data, sizeof(data), 9);
	fabric_port_set_bar(w->accel, 0, HOST_MAPPED + 0x400, 0x200);
	fabric_port_set_bar(w->accel, 2, HOST_MAPPED + 0xf00, 0x100);
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 4096, NULL, 0), 0);
	assert_memory_equal(w->mapped, data, 0x400);
	assert_memory_equal(w->bar0, data + 0x400, 0x200);
	assert_memory_equal(w->mapped + 0x600, data + 0x600, 0x900);
	assert_memory_equal(w->bar2, data + 0xf00, 0x100);
	assert_int_equal(w->mapped[0x400], 0);
	assert_int_equal(w->mapped[0xf00], 0);
	assert_int_equal(w->num_seen, 0x300 / 128);
	/* The last MRd begins in front of the second window: all of it goes to the host. */
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, back, 4096, NULL, 0), 0);
	assert_memory_equal(back, data, 0xf00);
	assert_int_equal(back[0xf00], 0);
	/* A TLP that begins in a window and ends behind it is an Unsupported Request. */
	assert_int_equal(fabric_write(w->nic, HOST_MAPPED + 0x540, data, 4096 - 0x540, NULL, 0),
			 -EFAULT);
	world_free(w);
}

TEST(windows_within_a_page)
{
	check_windows_within_a_page(FABRIC_PEERS_SWITCH, 0);
	/* Behind an IOMMU, but both below one switch. */
	check_windows_within_a_page(FABRIC_PEERS_NONE, 1);
}

/* A request that no completer claims is an Unsupported Request, and counted as one. */
TEST(unsupported)
{
	static const struct fabric_completer_ops none = {NULL, NULL};
	const struct fabric_port_config no_completer = {.name = "port0"};
	const struct fabric_port_config no_ops = {.name = "port1", .completer = &none};
	struct world *w = world_default();
	const struct fabric_counters *c = fabric_port_counters(w->nic);
	struct fabric_port *port[2];
	uint8_t data[64];

	assert_int_equal(fabric_port_add(w->fabric, &port[0], &no_completer), 0);
	assert_int_equal(fabric_port_add(w->fabric, &port[1], &no_ops), 0);
	for (unsigned i = 0; i < 2; i++) {
		fabric_port_set_bar(port[i], 0, 0x10000000, AREA);
		assert_int_equal(fabric_write(w->nic, 0x10000000, data, 4, NULL, 0), -EFAULT);
		assert_int_equal(fabric_read(w->nic, 0x10000000, data, 4, NULL, 0), -EFAULT);
		assert_int_equal(fabric_port_counters(port[i])->tlps[TLP_CPL], 1);
		fabric_port_set_bar(port[i], 0, 0, 0);
	}
	assert_int_equal(c->unsupported, 4);
	/* A request that begins in a window and does not fit it */
	fabric_port_set_bar(w->accel, 0, ACCEL_BAR0, 32);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0 + 16, data, 32, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 16, data, 32, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	assert_int_equal(c->unsupported, 6);
	/* A port without host memory: the host answers UR */
	fabric_port_set_bus_master(w->accel, true);
	assert_int_equal(fabric_write(w->accel, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->accel, HOST_MAPPED, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_port_counters(&w->fabric->host)->tlps[TLP_CPL], 1);
	assert_int_equal(fabric_port_counters(w->accel)->unsupported, 2);
	world_free(w);
}

/* A request to a port whose link is down is an Unsupported Request, not routed to the host. */
TEST(link_down)
{
	struct world *w = world_default();
	uint8_t data[4] = {1};

	fabric_port_set_link(w->accel, false);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EFAULT);
	assert_int_equal(w->num_seen, 0);
	fabric_port_set_link(w->accel, true);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 4, NULL, 0), 0);
	world_free(w);
}
