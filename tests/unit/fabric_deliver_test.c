// SPDX-License-Identifier: GPL-2.0-or-later
/* How a request is split into TLPs, what arrives, and how reads are completed. */
#include <errno.h>
#include <string.h>

#include "fabric/internal.h"
#include "tests/unit/fabric_world.h"

/* An aligned write arrives as MPS-sized TLPs in order, each with the hint it was sent with. */
TEST(write_to_peer)
{
	const struct tlp_hint hints[] = {{0},
					 {8, TLP_PH_TARGET, 0x5a},
					 {16, TLP_PH_REQUESTER, 0x005a},
					 {16, TLP_PH_TARGET_PRIORITY, 0xbeef}};
	uint8_t data[1024];

	for (unsigned i = 0; i < 4; i++) {
		struct world *w = world_default();
		const struct fabric_counters *c = fabric_port_counters(w->nic);

		fill(data, sizeof(data), i + 1);
		assert_int_equal(
			fabric_write(w->nic, ACCEL_BAR0 + 0x2000, data, 1024, &hints[i], 0), 0);
		assert_memory_equal(w->bar0 + 0x2000, data, 1024);
		assert_int_equal(w->num_seen, 4);
		for (unsigned n = 0; n < 4; n++) {
			const struct seen *s = &w->seen[n];

			assert_false(s->read);
			assert_int_equal(s->bar, 0);
			assert_int_equal(s->offset, 0x2000 + n * 256);
			assert_int_equal(s->tlp.length_dw, 64);
			assert_int_equal(s->tlp.requester, NIC_ID);
			assert_int_equal(s->tlp.hint.st_bits, hints[i].st_bits);
			assert_int_equal(s->tlp.hint.ph, hints[i].ph);
			assert_int_equal(s->tlp.hint.st, hints[i].st);
		}
		assert_int_equal(c->tlps[TLP_MWR], 4);
		assert_int_equal(c->payload_bytes[TLP_MWR], 1024);
		assert_int_equal(c->hinted[0], hints[i].st_bits == 8 ? 4 : 0);
		assert_int_equal(c->hinted[1], hints[i].st_bits == 16 ? 4 : 0);
		assert_int_equal(c->hints_dropped, 0);
		assert_int_equal(c->unsupported, 0);
		world_free(w);
	}
}

/* Split at MPS, counted from the first DW, and at 4 KiB. */
TEST(split)
{
	const struct {
		uint64_t offset;
		unsigned bytes;
	} expected[] = {{0xec0, 253}, {0xfc0, 64}, {0x1000, 256}, {0x1100, 27}};
	struct world *w = world_default();
	uint8_t data[600];

	fill(data, sizeof(data), 7);
	assert_int_equal(fabric_write(w->nic, ACCEL_BAR2 + 0xec3, data, 600, NULL, 0), 0);
	assert_memory_equal(w->bar2 + 0xec3, data, 600);
	assert_int_equal(w->bar2[0xec2], 0);
	assert_int_equal(w->bar2[0xec3 + 600], 0);
	assert_int_equal(w->num_seen, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(w->seen[i].offset, expected[i].offset);
		assert_int_equal(tlp_bytes(&w->seen[i].tlp), expected[i].bytes);
		assert_true(w->seen[i].tlp.length_dw * 4u <= 256);
	}
	assert_int_equal(fabric_port_counters(w->nic)->payload_bytes[TLP_MWR], 600);
	world_free(w);
}

/*
 * Random ranges, packet sizes, hints and links, to the peer and to host memory, mapped or not.
 * The model is a plain array that gets the same writes; reads must return its data.
 */
TEST(random_transfers)
{
	static const uint64_t bases[] = {ACCEL_BAR0, ACCEL_BAR2, HOST_MAPPED, HOST_REMOTE};
	static uint8_t model[4][AREA], data[AREA];
	static const uint8_t widths[] = {0, 8, 16};
	uint32_t seed = 20221122;

	for (unsigned round = 0; round < 60; round++) {
		struct world *w =
			world_new(FABRIC_PEERS_SWITCH, false, 128u << next_random(&seed) % 6,
				  128u << next_random(&seed) % 6);

		fabric_port_set_flit(w->nic, round & 1, round & 2);
		fabric_port_set_flit(w->accel, round & 4, round & 2);
		memset(model, 0, sizeof(model));
		for (unsigned i = 0; i < 60; i++) {
			unsigned where = next_random(&seed) % 4;
			size_t offset = next_random(&seed) % AREA;
			size_t most = next_random(&seed) & 1 ? 20 : 12000;
			size_t len = 1 + next_random(&seed) % most;
			struct tlp_hint hint = {widths[next_random(&seed) % 3],
						next_random(&seed) & 3, next_random(&seed) & 0xff};

			if (len > AREA - offset)
				len = AREA - offset;
			w->num_seen = 0;
			if (next_random(&seed) & 1) {
				fill(data, len, next_random(&seed));
				memcpy(model[where] + offset, data, len);
				assert_int_equal(
					finish(w, fabric_write(w->nic, bases[where] + offset, data,
							       len, &hint, 0)),
					0);
			} else {
				memset(data, 0xee, len + 4 < AREA ? len + 4 : AREA);
				assert_int_equal(
					finish(w, fabric_read(w->nic, bases[where] + offset, data,
							      len, &hint, 0)),
					0);
				assert_memory_equal(data, model[where] + offset, len);
				/* and no byte beyond the range is written */
				for (size_t n = len; n < len + 4 && n < AREA; n++)
					assert_int_equal(data[n], 0xee);
			}
		}
		assert_memory_equal(w->bar0, model[0], AREA);
		assert_memory_equal(w->bar2, model[1], AREA);
		assert_memory_equal(w->mapped, model[2], AREA);
		assert_memory_equal(w->remote, model[3], AREA);
		world_free(w);
	}
}

/* The ST of a read takes the place of its byte enables, so it reads whole DWs. */
TEST(hinted_read)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x1234};
	struct world *w = world_default();
	uint8_t buf[5] = {0};

	fill(w->bar0, AREA, 3);
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 0x103, buf, 5, &hint, 0), 0);
	assert_memory_equal(buf, w->bar0 + 0x103, 5);
	assert_int_equal(w->num_seen, 1);
	assert_int_equal(w->seen[0].offset, 0x100);
	assert_int_equal(w->seen[0].tlp.length_dw, 2);
	assert_int_equal(w->seen[0].tlp.first_be, 0xf);
	assert_int_equal(w->seen[0].tlp.last_be, 0xf);
	assert_int_equal(w->seen[0].tlp.hint.st, 0x1234);

	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 0x103, buf, 5, NULL, 0), 0);
	assert_int_equal(w->seen[1].tlp.first_be, 0x8);
	assert_int_equal(w->seen[1].tlp.last_be, 0xf);
	world_free(w);
}

/* Between links in flit mode a read has byte enables beside its hint. */
TEST(flit_hinted_read)
{
	const struct tlp_hint hints[] = {{8, TLP_PH_REQUESTER, 0x5a}, {16, TLP_PH_TARGET, 0x1234}};
	struct world *w = world_default();
	uint8_t buf[5] = {0};

	fabric_port_set_flit(w->nic, true, true);
	fabric_port_set_flit(w->accel, true, true);
	fill(w->bar0, AREA, 3);
	for (unsigned i = 0; i < 2; i++) {
		const struct tlp *tlp = &w->seen[i].tlp;

		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 0x103, buf, 5, &hints[i], 0), 0);
		assert_memory_equal(buf, w->bar0 + 0x103, 5);
		assert_true(tlp->flit);
		assert_int_equal(tlp->first_be, 0x8);
		assert_int_equal(tlp->last_be, 0xf);
		assert_int_equal(tlp->hint.st_bits, hints[i].st_bits);
		assert_int_equal(tlp->hint.st, hints[i].st);
		assert_int_equal(tlp->hint.ph, hints[i].ph);
	}
	assert_int_equal(fabric_port_counters(w->nic)->hints_dropped, 0);
	/* Only the requested bytes are counted, no padding. */
	assert_int_equal(fabric_port_counters(w->accel)->payload_bytes[TLP_CPLD], 2 * 5);
	world_free(w);
}

/* A switch between a link in flit mode and one that is not: a TLP arrives in the last link's form.
 */
TEST(flit_translation)
{
	const struct tlp_hint hints[] = {{0}, {8, TLP_PH_TARGET, 0x5a}, {16, TLP_PH_TARGET, 0x5a}};
	uint8_t data[512], buf[512];

	for (unsigned links = 0; links < 4; links++) {
		for (unsigned i = 0; i < 3; i++) {
			struct world *w = world_default();
			struct tlp *write = &w->seen[0].tlp, *read = &w->seen[2].tlp;

			fabric_port_set_flit(w->nic, links & 1, false);
			fabric_port_set_flit(w->accel, links & 2, false);
			fill(data, sizeof(data), links + i + 1);
			assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 512, &hints[i], 0),
					 0);
			assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 512, &hints[i], 0),
					 0);
			assert_memory_equal(w->bar0, data, 512);
			assert_memory_equal(buf, data, 512);
			assert_int_equal(w->num_seen, 3);
			assert_int_equal(write->flit, links >> 1);
			assert_int_equal(read->flit, links >> 1);
			assert_int_equal(write->hint.st_bits, hints[i].st_bits);
			assert_int_equal(write->hint.st, hints[i].st);
			assert_int_equal(read->hint.st_bits, hints[i].st_bits);
			assert_int_equal(read->hint.ph, hints[i].ph);
			assert_int_equal(fabric_port_counters(w->nic)->hints_dropped, 0);
			world_free(w);
		}
	}
}

/*
 * A read whose hint and byte enables do not both fit the form of a link on its route loses
 * the hint: a register beside the requested bytes must not be read.
 */
TEST(flit_read_translated)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0x1234};
	static const struct {
		enum fabric_peers peers;
		bool nic, nic_up, accel, accel_up, keeps_hint;
		uint8_t first_be;
	} cases[] = {
		/* one switch: its Upstream Port is not on the route */
		{FABRIC_PEERS_SWITCH, true, false, true, false, true, 0x2},
		{FABRIC_PEERS_SWITCH, true, true, false, true, false, 0x2},
		/* the NIC sends whole DWs: its link is not in flit mode */
		{FABRIC_PEERS_SWITCH, false, true, true, true, true, 0xf},
		{FABRIC_PEERS_HOST_BRIDGE, true, true, true, true, true, 0x2},
		{FABRIC_PEERS_HOST_BRIDGE, true, false, true, true, false, 0x2},
		{FABRIC_PEERS_HOST_BRIDGE, true, true, true, false, false, 0x2},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world *w = world_new(cases[i].peers, true, 256, 512);
		const struct tlp *tlp = &w->seen[0].tlp;
		uint8_t byte = 0;

		fabric_port_set_flit(w->nic, cases[i].nic, cases[i].nic_up);
		fabric_port_set_flit(w->accel, cases[i].accel, cases[i].accel_up);
		w->bar2[0x41] = 0x77;
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR2 + 0x41, &byte, 1, &hint, 0), 0);
		assert_int_equal(byte, 0x77);
		assert_int_equal(tlp->flit, cases[i].accel);
		assert_int_equal(tlp->first_be, cases[i].first_be);
		assert_int_equal(tlp->hint.st_bits, cases[i].keeps_hint ? 16 : 0);
		assert_int_equal(fabric_port_counters(w->nic)->hinted[1], 1);
		assert_int_equal(fabric_port_counters(w->nic)->hints_dropped, !cases[i].keeps_hint);
		world_free(w);
	}
}

/* The host bridge drops hints of requests between peers, or keeps them; the data arrives. */
TEST(host_bridge)
{
	const struct tlp_hint hint = {16, TLP_PH_TARGET, 0xabcd};
	uint8_t data[512], buf[7];

	fill(data, sizeof(data), 5);
	for (int keep = 0; keep < 2; keep++) {
		struct world *w = world_new(FABRIC_PEERS_HOST_BRIDGE, keep, 256, 512);
		const struct fabric_counters *c = fabric_port_counters(w->nic);

		assert_int_equal(fabric_write(w->nic, ACCEL_BAR0, data, 512, &hint, 0), 0);
		assert_int_equal(fabric_read(w->nic, ACCEL_BAR0 + 2, buf, 7, &hint, 0), 0);
		assert_memory_equal(w->bar0, data, 512);
		assert_memory_equal(buf, data + 2, 7);
		assert_int_equal(w->num_seen, 3);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(w->seen[i].tlp.hint.st_bits, keep ? 16 : 0);
		/* The read is of whole DWs, with and without its hint. */
		assert_int_equal(w->seen[2].tlp.length_dw, 3);
		assert_int_equal(w->seen[2].tlp.first_be, 0xf);
		assert_int_equal(w->seen[2].tlp.last_be, 0xf);
		assert_int_equal(c->hinted[1], 3);
		assert_int_equal(c->hints_dropped, keep ? 0 : 3);

		/* A request to host memory ends at the root complex and keeps its hint. */
		assert_int_equal(fabric_write(w->nic, HOST_MAPPED, data, 256, &hint, 0), 0);
		assert_int_equal(c->hinted[1], 4);
		assert_int_equal(c->hints_dropped, keep ? 0 : 3);
		/* A transfer of the host carries no hint. */
		assert_int_equal(finish(w, fabric_write(w->nic, HOST_REMOTE, data, 256, &hint, 0)),
				 0);
		assert_int_equal(c->hints_dropped, keep ? 1 : 4);
		world_free(w);
	}
}

/* Reads are completed by CplDs of at most MPS; each TLP is counted at its sender's port. */
TEST(read_counters)
{
	struct world *w = world_new(FABRIC_PEERS_SWITCH, false, 256, 1024);
	const struct fabric_counters *nic = fabric_port_counters(w->nic);
	const struct fabric_counters *accel = fabric_port_counters(w->accel);
	const struct fabric_counters *host = fabric_port_counters(&w->fabric->host);
	uint8_t buf[4096];

	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, buf, 4096, NULL, 0), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 4);
	assert_int_equal(accel->tlps[TLP_CPLD], 16);
	assert_int_equal(accel->payload_bytes[TLP_CPLD], 4096);
	assert_int_equal(fabric_read(w->nic, HOST_MAPPED, buf, 4096, NULL, 0), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 8);
	assert_int_equal(host->tlps[TLP_CPLD], 16);
	assert_int_equal(finish(w, fabric_read(w->nic, HOST_REMOTE, buf, 4096, NULL, 0)), 0);
	assert_int_equal(nic->tlps[TLP_MRD], 12);
	assert_int_equal(host->tlps[TLP_CPLD], 32);
	assert_int_equal(host->payload_bytes[TLP_CPLD], 8192);
	assert_int_equal(w->transfers, 1);
	world_free(w);
}

/* A completer that fails a read answers with Completer Abort. */
TEST(completer_abort)
{
	struct world *w = world_default();
	uint8_t data[4];

	w->read_error = -ENOMEM;
	assert_int_equal(fabric_read(w->nic, ACCEL_BAR0, data, 4, NULL, 0), -EIO);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPL], 1);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 0);
	assert_int_equal(fabric_port_counters(w->nic)->unsupported, 0);
	world_free(w);
}

/* A requester accepts only the completion that it waits for. */
TEST(unexpected_completions)
{
	const struct tlp good = {.kind = TLP_CPLD,
				 .requester = NIC_ID,
				 .tag = 5,
				 .length_dw = 2,
				 .byte_count = 8,
				 .lower_addr = 0x40};
	struct tlp bad;

	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1040, 8), 0);
	assert_int_equal(fabric_check_completion(&good, ACCEL_ID, 5, 0x1040, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 6, 0x1040, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1044, 8), -EIO);
	assert_int_equal(fabric_check_completion(&good, NIC_ID, 5, 0x1040, 12), -EIO);
	bad = good;
	bad.kind = TLP_CPL;
	bad.length_dw = 0;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EIO);
	bad.status = TLP_STATUS_COMPLETER_ABORT;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EIO);
	bad.status = TLP_STATUS_UNSUPPORTED_REQUEST;
	assert_int_equal(fabric_check_completion(&bad, NIC_ID, 5, 0x1040, 8), -EFAULT);
}

/* CPU accesses reach the completer as TLPs of the host, any size and alignment, without a hint. */
TEST(cpu_access)
{
	struct world *w = world_default();
	const struct fabric_counters *host = fabric_port_counters(&w->fabric->host);
	uint8_t data[1000], buf[1000];

	fill(data, sizeof(data), 2);
	for (unsigned offset = 0x40; offset < 0x48; offset++) {
		for (unsigned len = 1; len <= 8; len++) {
			assert_int_equal(fabric_cpu_write(w->accel, 2, offset, data, len), 0);
			memset(buf, 0, sizeof(buf));
			assert_int_equal(fabric_cpu_read(w->accel, 2, offset, buf, len), 0);
			assert_memory_equal(buf, data, len);
			assert_memory_equal(w->bar2 + offset, data, len);
		}
	}
	assert_int_equal(w->seen[0].bar, 2);
	assert_int_equal(w->seen[0].tlp.requester, 0);
	assert_int_equal(w->seen[0].tlp.hint.st_bits, 0);
	assert_true(w->seen[0].tlp.addr == ACCEL_BAR2 + 0x40);
	assert_int_equal(w->seen[0].tlp.first_be, 0x1);
	assert_int_equal(host->tlps[TLP_MWR], 64);
	assert_int_equal(host->tlps[TLP_MRD], 64);
	assert_int_equal(fabric_port_counters(w->accel)->tlps[TLP_CPLD], 64);

	assert_int_equal(fabric_cpu_write(w->accel, 0, 0xff1, data, 1000), 0);
	assert_int_equal(fabric_cpu_read(w->accel, 0, 0xff1, buf, 1000), 0);
	assert_memory_equal(buf, data, 1000);
	assert_memory_equal(w->bar0 + 0xff1, data, 1000);

	assert_int_equal(fabric_cpu_write(w->accel, 0, AREA - 4, data, 8), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 0, UINT64_MAX, buf, 8), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 1, 0, buf, 4), -EFAULT);
	assert_int_equal(fabric_cpu_read(w->accel, 6, 0, buf, 4), -EFAULT);
	assert_int_equal(fabric_cpu_write(w->nic, 0, 0, data, 4), -EFAULT);
	w->read_error = -EIO;
	assert_int_equal(fabric_cpu_read(w->accel, 0, 0, buf, 4), -EIO);
	world_free(w);
}
