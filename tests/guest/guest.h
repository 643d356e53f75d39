/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common code of the tests in the guest: the accelerator and the NICs, opened once
 * per program as the example opens them, and checks of the hints of writes.
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

/* Writes on one MR, by a separate thread, until stopped. */
struct traffic {
	bool running;
	struct nic *nic; /* used by the thread alone while it runs */
	const struct ibv_mr *mr;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint writes; /* completed */
	atomic_uint errors; /* ended in an error completion */
	atomic_int fatal;   /* what ended the thread early: a timeout, or a failed reconnect */
};

/* A separate I/O address space; no device needs to be attached to it. */
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

/* @seconds, or more on a kernel with lockdep or KCSAN. */
unsigned guest_limit(unsigned seconds);

/* Around each test: the time limit; releases what the test left, and reconnects the NICs. */
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

/* As guest_prepare(), for the arguments [LIMIT [SEED]]; without SEED it is random. */
int guest_take_limit(int argc, char **argv, uint64_t *limit, uint64_t *seed);

/* Ends the test as skipped, with the reason. */
#define GUEST_SKIP(...)                                                                            \
	do {                                                                                       \
		print_message("skipped: " __VA_ARGS__);                                            \
		print_message("\n");                                                               \
		skip();                                                                            \
	} while (0)

/* Skips the test where the accelerator does not complete tags of this width. */
void guest_need_completer(const struct guest *guest, unsigned bits);
/* The first NIC that sends tags of this width on a direct route to the accelerator; else a skip. */
struct nic *guest_nic(struct guest *guest, unsigned bits);
/* The same, where the accelerator completes them. */
struct nic *guest_hint_nic(struct guest *guest, unsigned bits);
/* The first NIC that has DMA handles; else a skip. */
struct nic *guest_nic_with_dmah(struct guest *guest);
/* Runs @check with each NIC whose hints reach the accelerator; else a skip. */
void guest_with_each_width(struct guest *guest,
			   void (*check)(struct guest *guest, struct nic *nic));
/* The same NIC, opened once more, with a separate protection domain and queues. */
struct nic *guest_open_again(struct guest *guest, const struct nic *nic);
/* Both are below one switch: a route without the host. */
bool guest_same_switch(const struct guest *guest, const struct nic *nic);
/* The NIC's PCI address. */
void guest_nic_bdf(const struct nic *nic, char bdf[TPH_BDF_CHARS]);

/* What identifies a NIC while its driver is unbound and its RDMA device does not exist. */
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

/* A dma-buf of GUEST_SLICE_BYTES of BAR0, at the offset @slot * GUEST_SLICE_BYTES. */
int guest_export(struct guest *guest, unsigned slot, uint32_t flags);
/* The flags of an export with this hint. */
uint32_t guest_flags_of(struct hint hint);
int guest_export_hint(struct guest *guest, unsigned slot, struct hint hint);
int guest_export_required(struct guest *guest, unsigned slot, struct hint hint);
/* Closes @fd at the end of the test. Returns it. */
int guest_keep_fd(struct guest *guest, int fd);
/* One hint, of either width. 0 or the errno. */
int guest_set_errno(struct guest *guest, int fd, struct hint hint, bool required);
/* The flags of GET: VFIO_DMA_BUF_TPH_*. */
uint32_t guest_get_flags(struct guest *guest, int fd);

/* VFIO_DEVICE_RESET; again on EAGAIN, since the kernel only tries to lock the device. */
void guest_reset(struct guest *guest);
/* Memory enable off and on: buffers are revoked, and importers have to map again. */
void guest_revoke(struct guest *guest);

/* The number of dma-bufs of this machine, by debugfs. */
unsigned guest_dmabufs(void);

/* Skips the test where there is no iommufd. The file is the caller's. */
void guest_iommu_open(struct guest_iommu *iommu);
/* Maps @fd at the IOVA of @slot. 0 or the errno. */
int guest_iommu_map(const struct guest_iommu *iommu, int fd, unsigned slot);

struct ibv_mr *guest_register(struct guest *guest, struct nic *nic, int fd);
/* A registration that must fail with the errno @want. */
void guest_register_fails(struct nic *nic, int fd, int want);
/* RDMA READ of @len bytes at @from of @mr to @to of the stage. 0 or a negative errno. */
int guest_rdma_read(struct nic *nic, const struct ibv_mr *mr, size_t to, uint64_t from, size_t len);
void guest_unregister(struct guest *guest, struct ibv_mr *mr);
/* A write must end in an error completion. The NIC is connected again then. */
void guest_write_fails(struct nic *nic, const struct ibv_mr *mr);
/* Asks for the mapping that a page fault would make. 0 or the errno. */
int guest_map_again(const struct nic *nic, const struct ibv_mr *mr);
/* After the removal of the NIC the kernel has released the MR; this frees it in the library. */
void guest_abandon(struct guest *guest, struct ibv_mr *mr);

/* Writes through @mr: checks the memory, and that every TLP carried @want, or none a hint. */
void guest_check_writes(struct guest *guest, struct nic *nic, const struct ibv_mr *mr,
			unsigned slot, struct hint want);
/*
 * All TLPs since the counters were cleared carried @want, and there were some. Tag 0, "no
 * preference", may have either width.
 */
void guest_check_counters(struct guest *guest, struct hint want);

/* Reads the NIC's ST table. Returns its number of entries; 0: it has none. */
unsigned guest_st_table(const struct nic *nic, uint16_t entries[2048]);
/* The entries that tags can have; skips the test if there is no table, or more than 64 entries. */
unsigned guest_st_capacity(const struct nic *nic);
/*
 * Registers buffers in the slots from 0, each with another tag, from @first on. Returns the last
 * region, and the first one in *@oldest, if that is not NULL.
 */
struct ibv_mr *guest_st_fill(struct guest *guest, struct nic *nic, unsigned count,
			     struct hint first, struct ibv_mr **oldest);
/* The number of entries that hold @tag. */
unsigned guest_st_count(const struct nic *nic, uint16_t tag);
/* The number of entries that are not 0. */
unsigned guest_st_used(const struct nic *nic);

void traffic_start(struct traffic *traffic, struct nic *nic, const struct ibv_mr *mr);
/* Does nothing if no thread runs. */
void traffic_stop(struct traffic *traffic);
/* Waits for two more completed writes; false: they did not come within 20 seconds. */
bool traffic_advances(struct traffic *traffic);
/*
 * A buffer whose hint is not required is registered once, and @nic writes to it while @event
 * happens six times. The hint stays set, and the writes end in a success or an error completion
 * and go on with it. Neither a write nor the event hangs: the time limit of the thread would end
 * the write, that of the program the event. Then a new region on the same buffer works, with its
 * hint.
 */
void guest_check_hint_stays(struct guest *guest, struct nic *nic,
			    void (*event)(struct guest *guest));

#endif
