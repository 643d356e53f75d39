/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests in the guest share: the accelerator and the NICs, opened once
 * per program as the example opens them, and checks of what a write carried.
 * The guest_* functions that return nothing fail the running test on an error.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lab/guest/accel_vfio.h"
#include "lab/guest/rdma_loop.h"
#include "tests/test.h"
#include "uapi.h"

#define GUEST_NICS	  8
#define GUEST_FDS	  256
#define GUEST_MRS	  512
#define GUEST_SLICE_BYTES 65536UL
#define GUEST_LIMIT	  90 /* seconds of one test, then SIGALRM ends the program */
#define GUEST_SKIPPED	  TEST_SKIPPED

struct hint {
	unsigned bits; /* 8 or 16; 0: no hint */
	uint16_t tag;
	unsigned ph;
};

/* Writes on one MR, by a thread of its own, until stopped. */
struct traffic {
	bool running;
	struct nic *nic; /* the thread's alone meanwhile */
	const struct ibv_mr *mr;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint writes; /* completed */
	atomic_uint errors; /* ended in an error completion */
	atomic_int fatal;   /* what ended the thread early: a timeout, or no way to reconnect */
};

/* An I/O address space of its own; no device needs to be attached to it. */
struct guest_iommu {
	int fd;
	uint32_t ioas_id;
};

struct guest {
	struct accel accel;
	char accel_name[TPH_BDF_CHARS];
	unsigned completer_bits; /* of the accelerator: 0, 8 or 16 */
	unsigned nic_count;
	struct nic nics[GUEST_NICS];
	/* of the running test, released at its end */
	int fds[GUEST_FDS];
	struct ibv_mr *mrs[GUEST_MRS];
	struct nic second; /* a NIC opened again */
	struct traffic traffic;
};

/* So many seconds, or more of them where the kernel is busy looking for its own mistakes. */
unsigned guest_limit(unsigned seconds);

/* Around each test: the time limit; releases what the test left, and revives what it broke. */
int guest_begin(void **state);
int guest_end(void **state);
#define GUEST_TEST_WITH(name, tear_down)                                                           \
	static void name(struct guest *guest);                                                     \
	TEST_WITH(name, guest_begin, tear_down)                                                    \
	{                                                                                          \
		name(*state);                                                                      \
	}                                                                                          \
	static void name(struct guest *guest __attribute__((unused)))
#define GUEST_TEST(name) GUEST_TEST_WITH(name, guest_end)

/* A program that takes arguments, or needs more, defines this: 0 or an exit status. */
int guest_prepare(int argc, char **argv);

/* Ends the test as skipped, saying why. */
#define GUEST_SKIP(...)                                                                            \
	do {                                                                                       \
		print_message("skipped: " __VA_ARGS__);                                            \
		print_message("\n");                                                               \
		skip();                                                                            \
	} while (0)

/* Skips the test where the accelerator does not complete tags of this width. */
void guest_need_completer(const struct guest *guest, unsigned bits);
/* The first NIC that sends tags of this width on a direct way to the accelerator; else a skip. */
struct nic *guest_nic(struct guest *guest, unsigned bits);
/* The same, where the accelerator completes them. */
struct nic *guest_hint_nic(struct guest *guest, unsigned bits);
/* The first NIC that has DMA handles; else a skip. */
struct nic *guest_nic_with_dmah(struct guest *guest);
/* Runs @check with each NIC whose hints reach the accelerator; else a skip. */
void guest_with_each_width(struct guest *guest,
			   void (*check)(struct guest *guest, struct nic *nic));
/* The same NIC, opened once more: protection domain, queues and all of its own. */
struct nic *guest_open_again(struct guest *guest, const struct nic *nic);
/* A common bridge above both: peers reach each other without the host. */
bool guest_same_switch(const struct guest *guest, const struct nic *nic);
/* The NIC's place on the PCI bus. */
void guest_nic_bdf(const struct nic *nic, char bdf[TPH_BDF_CHARS]);

/* What is to be known of a NIC whose driver leaves it, since the NIC goes away then. */
struct guest_place {
	char bdf[TPH_BDF_CHARS];
	char driver[64];
	unsigned nth, tag_bits;
};
struct guest_place guest_place_of(const struct guest *guest, const struct nic *nic);
/* @what: "bind" or "unbind" */
void guest_tell_driver(const struct guest_place *place, const char *what);
/* Opens it again; nic_open() waits for its port to be active. */
struct nic *guest_reopen(struct guest *guest, const struct guest_place *place);

/* A dma-buf of the @slot-th slice of BAR0. */
int guest_export(struct guest *guest, unsigned slot, uint32_t flags);
/* The flags of an export with this hint. */
uint32_t guest_flags_of(struct hint hint);
int guest_export_hint(struct guest *guest, unsigned slot, struct hint hint);
int guest_export_required(struct guest *guest, unsigned slot, struct hint hint);
/* One that is to be closed with the rest. */
int guest_keep_fd(struct guest *guest, int fd);
/* One hint, of either width. 0 or the errno. */
int guest_set_errno(struct guest *guest, int fd, struct hint hint, bool required);
/* What GET says: VFIO_DMA_BUF_TPH_*. */
uint32_t guest_get_flags(struct guest *guest, int fd);

/* VFIO_DEVICE_RESET; the kernel takes the device's lock by trial and says EAGAIN if it was busy. */
void guest_reset(struct guest *guest);
/* Memory enable off and on: buffers are revoked, and importers have to map again. */
void guest_revoke(struct guest *guest);

/* How many dma-bufs there are on this machine, by debugfs. */
unsigned guest_dmabufs(void);

/* Skips the test where there is no iommufd. The file is the caller's. */
void guest_iommu_open(struct guest_iommu *iommu);
/* The @slot-th slice, to a place of its own. 0 or the errno. */
int guest_iommu_map(const struct guest_iommu *iommu, int fd, unsigned slot);

struct ibv_mr *guest_register(struct guest *guest, struct nic *nic, int fd);
/* Registers what must be refused, with this errno. */
void guest_register_fails(struct nic *nic, int fd, int want);
/* RDMA READ of @len bytes at @from of @mr to @to of the stage. 0 or a negative errno. */
int guest_rdma_read(struct nic *nic, const struct ibv_mr *mr, size_t to, uint64_t from, size_t len);
void guest_unregister(struct guest *guest, struct ibv_mr *mr);
/* A write ends in an error completion. The NIC can write again then. */
void guest_write_fails(struct nic *nic, const struct ibv_mr *mr);
/* Asks for the mapping that a page fault would make. 0 or the errno. */
int guest_map_again(const struct nic *nic, const struct ibv_mr *mr);
/* Of a NIC that is no more: the kernel has taken all of it, this frees what is left here. */
void guest_abandon(struct guest *guest, struct ibv_mr *mr);

/* Some writes through @mr: the memory has them, and every TLP carried @want, or none a hint. */
void guest_check_writes(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			unsigned slot, struct hint want);
/*
 * All TLPs since the counters were cleared carried @want, and there were some. Tag 0, "no
 * preference", may come with either width.
 */
void guest_check_counters(struct guest *guest, struct hint want);

/* The NIC's ST table. Its number of entries; 0: it has none. */
unsigned guest_st_table(const struct nic *nic, uint16_t entries[2048]);
/* How many entries tags can have; skips the test where that is none, or more than there are slots.
 */
unsigned guest_st_room(const struct nic *nic);
/*
 * Registers buffers in the slots from 0, each with a hint of its own, from @first on. Returns the
 * regions' number @count - 1, and the first in *@oldest, if that is not NULL.
 */
struct ibv_mr *guest_st_fill(struct guest *guest, struct nic *nic, unsigned count,
			     struct hint first, struct ibv_mr **oldest);
/* How many entries hold @tag. */
unsigned guest_st_count(const struct nic *nic, uint16_t tag);
/* How many entries are not 0. */
unsigned guest_st_used(const struct nic *nic);

void traffic_start(struct traffic *traffic, struct nic *nic, const struct ibv_mr *mr);
/* Does nothing if it is not running. */
void traffic_stop(struct traffic *traffic);
/* Waits for some more completed writes; false: there were none within 20 seconds. */
bool traffic_advances(struct traffic *traffic);

#endif
