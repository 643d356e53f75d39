/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI function as the lab's devices implement it: configuration space and
 * BARs towards the host, TLPs towards the fabric. A device has no other interface,
 * so it can be tested without QEMU and without a socket.
 */
#ifndef DEVICES_PCI_FUNCTION_H
#define DEVICES_PCI_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fabric/tlp.h"

#define PCI_CONFIG_BYTES 4096
#define PCI_BAR_COUNT	 6

struct pci_function;

struct pci_bar {
	uint64_t size; /* bytes, a power of two; 0: no such BAR */
	bool is_64bit; /* the next BAR index is its upper half */
	bool prefetchable;
	int mmap_fd;	/* memory that the host may map; -1: every access is a call */
	bool is_memory; /* no registers: a CPU's access is a TLP like a peer's */
};

/* What a device implements. */
struct pci_function_ops {
	/* CPU accesses of a BAR, checked against its size. They must not send
	 * requests: a doorbell queues work. 0 or a negative errno. */
	int (*bar_read)(struct pci_function *f, unsigned bar, uint64_t offset, void *buf,
			size_t len);
	int (*bar_write)(struct pci_function *f, unsigned bar, uint64_t offset, const void *buf,
			 size_t len);
	/* TLPs that arrive for a BAR; as in fabric_completer_ops. NULL: the device is no
	 * completer of peer requests. */
	void (*mem_write)(struct pci_function *f, unsigned bar, uint64_t offset,
			  const struct tlp *tlp, const uint8_t *payload);
	int (*mem_read)(struct pci_function *f, unsigned bar, uint64_t offset,
			const struct tlp *tlp, uint8_t *payload);
	/* The guest has written [offset, offset+len) of configuration space, where a bit is
	 * writable; the value may be the old one. Not called for a reset. May be NULL. */
	void (*config_written)(struct pci_function *f, unsigned offset, size_t len);
	/* FLR, the return from D3hot, or the machine's reset; configuration space has its defaults,
	 * and no request is under way. May be NULL. */
	void (*reset)(struct pci_function *f);
	/* The device has been unplugged, after a reset(): its memory that a host has mapped must
	 * read as all ones until the next reset(). May be NULL. */
	void (*removed)(struct pci_function *f);
	/* Does one step of queued work, may send requests; true: there is more. Never called
	 * while a request is under way. May be NULL. */
	bool (*work)(struct pci_function *f);
	/* Milliseconds until a timer gives work() something to do; 0: now, -1: never. May be
	 * NULL. */
	int (*wait_ms)(struct pci_function *f);
	/* The request that answered -EINPROGRESS has ended. */
	void (*dma_done)(struct pci_function *f, int status);
	void (*destroy)(struct pci_function *f);
};

/* What a device may call. */
struct pci_function_link {
	void *ctx;
	/* As fabric_write() and fabric_read(), flags included. */
	int (*write)(void *ctx, uint64_t addr, const void *data, size_t len,
		     const struct tlp_hint *hint, unsigned flags);
	int (*read)(void *ctx, uint64_t addr, void *buf, size_t len, const struct tlp_hint *hint,
		    unsigned flags);
	/* As fabric_pass(). */
	int (*pass)(void *ctx, uint64_t src, const struct tlp_hint *read_hint, uint64_t dst,
		    const struct tlp_hint *write_hint, size_t len);
	/* As fabric_read_in_place(); for a device with a link to another host. */
	const void *(*read_in_place)(void *ctx, uint64_t addr, size_t len,
				     const struct tlp_hint *hint);
	/* As fabric_port_cancel(): dma_done() is not called. May be NULL. */
	void (*cancel)(void *ctx);
	void (*msix)(void *ctx, unsigned vector);
	/* One line of text: an error of the guest, an unknown command. A guest can cause any
	 * number of lines, so the link bounds their rate. May be NULL. */
	void (*log)(void *ctx, const char *line);
	/* One record in the trace, as fabric_trace_event(). */
	void (*trace)(void *ctx, const char *event, uint64_t value);
};

struct pci_function {
	const struct pci_function_ops *ops;
	struct pci_function_link link;
	struct pci_bar bars[PCI_BAR_COUNT];
	unsigned msix_vectors; /* 1..2048; 0: none */
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t config_writable[PCI_CONFIG_BYTES]; /* bit set: the guest may change it */
	uint8_t config_default[PCI_CONFIG_BYTES];  /* after reset */
	uint8_t config_writable_default[PCI_CONFIG_BYTES];
	unsigned pcie_cap, msix_cap, pm_cap, tph_cap; /* offsets in bytes; 0: none */

	/* private to devices/pci */
	uint32_t tph_built;		 /* the TPH capability register as built */
	unsigned next_cap, next_ext_cap; /* offset of the next capability */
};

/*
 * Building configuration space, in this order: identity, BARs, capabilities,
 * seal. Multi-byte values are little-endian there. Parameters come from the
 * device model, so one that is out of range is a bug and asserted.
 */
struct pci_identity {
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint32_t class_code; /* 24 bits */
	uint8_t revision;
};
void pci_config_init(struct pci_function *f, const struct pci_identity *id);
/* From f->bars. */
void pci_config_add_bars(struct pci_function *f);

/* DevCap2 13:12 */
enum pci_tph_completer {
	PCI_TPH_COMPLETER_NONE = 0,
	PCI_TPH_COMPLETER_8 = 1,
	PCI_TPH_COMPLETER_16 = 3,
};

/*
 * PCI Express Endpoint with FLR; @prefixes: End-End prefix support (DevCap2
 * 21); @mps_bytes: the largest it supports, a power of two, 128..4096.
 */
void pci_config_add_express(struct pci_function *f, enum pci_tph_completer completer, bool prefixes,
			    unsigned mps_bytes);
/*
 * f->msix_vectors entries, @offset (a multiple of 8) bytes into @bar, and
 * behind them the pending bits.
 */
void pci_config_add_msix(struct pci_function *f, unsigned bar, uint32_t offset);
/*
 * Power Management (7.5.2) with D0 and D3hot, after Express. In D3hot the function answers config
 * requests alone.
 */
void pci_config_add_pm(struct pci_function *f);
/*
 * TPH Requester, the one extended capability; modes No-ST and device specific.
 * @extended: 16-bit tags; @st_entries: table in the capability, 0: none, at
 * most what fits (the specification itself stops at 64).
 */
void pci_config_add_tph(struct pci_function *f, bool extended, unsigned st_entries);
/* Makes the registers as built the defaults after each reset. */
void pci_config_seal(struct pci_function *f);
/*
 * Puts a sealed function on a link of 64 GT/s in flit mode, now and after each reset. Such a
 * link needs no End-End prefixes and the function has none, so that it receives 16-bit tags in
 * flit mode alone.
 */
void pci_config_set_flit(struct pci_function *f);

/*
 * CPU accesses of configuration space, any offset and length in bytes.
 * -EINVAL: out of range, nothing done. A write may end in ops->reset (FLR, return from D3hot) or
 * ops->config_written.
 */
int pci_config_read(struct pci_function *f, unsigned offset, void *buf, size_t len);
int pci_config_write(struct pci_function *f, unsigned offset, const void *buf, size_t len);
/*
 * A reset of the machine. @keep_bars: the guest still has addresses for the BARs, so they stay, as
 * at an FLR, which keeps MPS and both Link Controls, too (6.6.2).
 */
void pci_function_reset(struct pci_function *f, bool keep_bars);

/* All ones out of range. */
uint16_t pci_config_get16(const struct pci_function *f, unsigned offset);
uint32_t pci_config_get32(const struct pci_function *f, unsigned offset);

/*
 * The range of BAR @bar in bytes, as the guest programmed it. False: it is not decoded now, since
 * memory enable is off, it is in D3hot, it has no address yet (0), or it is being sized.
 */
bool pci_function_bar_window(const struct pci_function *f, unsigned bar, uint64_t *base,
			     uint64_t *size);
/* Whether it may send requests; not in D3hot. */
bool pci_function_bus_master(const struct pci_function *f);
/* True without Power Management. */
bool pci_function_in_d0(const struct pci_function *f);

/* The requester side of TPH, by the present control register and ST table. */
unsigned pci_tph_requester_bits(const struct pci_function *f); /* 0, 8 or 16 */
/* Device specific mode: the device selects tags. If not (No-ST mode), it may send tag 0 only. */
bool pci_tph_device_specific(const struct pci_function *f);
bool pci_tph_has_table(const struct pci_function *f);
/*
 * What it advertises of TPH from its next reset on: as a completer; as a requester of
 * 0-, 8- or 16-bit tags, which needs the capability that it was built with.
 */
void pci_tph_advertise_completer(struct pci_function *f, enum pci_tph_completer completer);
void pci_tph_advertise_requester(struct pci_function *f, unsigned bits);
/* DevCap2 as it is now. */
enum pci_tph_completer pci_tph_completer_type(const struct pci_function *f);
/* Entry @index whatever the mode and the enable field; 0 when there is no such entry. */
uint16_t pci_tph_st_entry(const struct pci_function *f, unsigned index);

#endif
