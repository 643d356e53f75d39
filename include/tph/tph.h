/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libtph: TLP Processing Hints (TPH) of PCI Express functions, of pairs of
 * functions, and of dma-bufs.
 *
 * Rules for the whole library:
 *
 * - A function that can fail returns 0, or a number >= 0 where its comment says
 *   so, or a negative errno. On failure it writes no output unless its comment
 *   says so. Every function that allocates can return -ENOMEM; the comments do
 *   not repeat it.
 * - The library never prints, never exits, installs no signal handler and has
 *   no global state.
 * - Thread safety: a function without a struct tph_ctx can be called by any
 *   thread at any time. One struct tph_ctx is for one thread at a time;
 *   different ones are independent. A result belongs to the caller, is read-only,
 *   and stays valid after the context is freed.
 * - A later version can add members at the end of the structures that the
 *   library allocates: read them, do not allocate or copy them. The structures
 *   that the caller allocates will not change.
 * - "8-bit" is a Steering Tag (ST), "16-bit" an Extended Steering Tag. They are
 *   two namespaces with separate tables in the completer: 8-bit 0x5a and 16-bit
 *   0x005a are different tags.
 * - The importer is the requester: the function that writes, such as a NIC. The
 *   exporter is the completer: the function whose memory is written.
 * - tph_*_str() returns the name of a value, a constant string; NULL: no such
 *   value. tph_*_parse() returns the value of a name; -EINVAL: no such name.
 * - Register layouts are those of PCI Express Base 6.x, 7.5.3.15 (Device
 *   Capabilities 2), 7.7.11 (ACS), 7.9.13 (TPH Requester).
 */
#ifndef TPH_TPH_H
#define TPH_TPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Widths, Processing Hints, addresses */

/** enum tph_width - the two namespaces of Steering Tags; an index of arrays here */
enum tph_width {
	TPH_WIDTH_8 = 0,
	TPH_WIDTH_16 = 1,
};
#define TPH_WIDTHS 2

/** tph_width_str() - "8-bit", "16-bit" */
const char *tph_width_str(unsigned width);

/** tph_width_parse() - the width of "8-bit" or "8", "16-bit" or "16" */
int tph_width_parse(const char *name);

/**
 * enum tph_ph - Processing Hints (PCIe table 2-18)
 * @TPH_PH_BIDIRECTIONAL: "bidirectional"
 * @TPH_PH_REQUESTER: "requester"
 * @TPH_PH_TARGET: "target"
 * @TPH_PH_TARGET_PRIORITY: "target-priority"
 */
enum tph_ph {
	TPH_PH_BIDIRECTIONAL = 0,
	TPH_PH_REQUESTER = 1,
	TPH_PH_TARGET = 2,
	TPH_PH_TARGET_PRIORITY = 3,
};

/** tph_ph_str() - the names of enum tph_ph */
const char *tph_ph_str(unsigned ph);

/** tph_ph_parse() - the Processing Hint of a name, 0..3 */
int tph_ph_parse(const char *name);

/** struct tph_bdf - address of a PCI function; @domain has 32 bits as in Linux */
struct tph_bdf {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;	  /* 0..31 */
	uint8_t function; /* 0..7 */
};

/** TPH_BDF_CHARS - size of the buffer for tph_bdf_format(), with the NUL */
#define TPH_BDF_CHARS 24

/**
 * tph_bdf_parse() - parse "[DOMAIN:]BUS:DEVICE.FUNCTION", all hexadecimal
 * @text: the address; domain 0 if it has none
 * @bdf: result
 *
 * Return: 0; -EINVAL: @text is NULL or not an address, or text follows the address
 */
int tph_bdf_parse(const char *text, struct tph_bdf *bdf);

/** tph_bdf_format() - write "0000:03:00.0", always with the domain, to @text; returns @text */
char *tph_bdf_format(const struct tph_bdf *bdf, char text[TPH_BDF_CHARS]);

/** tph_bdf_compare() - order by domain, bus, device, function; returns < 0, 0 or > 0 */
int tph_bdf_compare(const struct tph_bdf *a, const struct tph_bdf *b);

/* A context is a set of functions */

/**
 * struct tph_ctx - the PCI functions of this machine or of a dump, reference counted
 *
 * The set does not change. A function is read once, by the first call that needs
 * it, so all answers of a context agree. To see changes make another context.
 */
struct tph_ctx;

/** enum tph_log_level - severity of a message */
enum tph_log_level {
	TPH_LOG_ERROR = 0,
	TPH_LOG_WARNING = 1,
	TPH_LOG_DEBUG = 2,
};

/**
 * tph_log_fn - receives the library's messages: one line each, without newline
 *
 * It is called from within a function of the library, in that thread, and must
 * not call the library with the same context. A message can quote bytes of a
 * dump or a path: escape it before a terminal shows it.
 */
typedef void (*tph_log_fn)(void *data, enum tph_log_level level, const char *message);

/** struct tph_log - a log callback; @fn NULL: no messages; @fn gets @data */
struct tph_log {
	tph_log_fn fn;
	void *data;
};

/**
 * tph_ctx_new_live() - the functions of this machine
 * @sysfs: NULL for /sys/bus/pci, or another folder with the same layout
 * @log: callback, or NULL; copied
 * @ctx: result, with one reference
 *
 * Lists the functions once; one that is plugged in later is not in the context.
 * Without root the kernel shows 64 bytes of configuration space.
 *
 * Return: 0; -ENOENT, -EACCES and other errors of opening the folder;
 * -ENAMETOOLONG: @sysfs is too long; -EIO: an entry of the folder is not an
 * address, or two entries are one address; the log names it
 */
int tph_ctx_new_live(const char *sysfs, const struct tph_log *log, struct tph_ctx **ctx);

/**
 * tph_ctx_new_dump() - the functions of a file with the output of `lspci -xxxx`
 * @path: file name
 * @log: callback, or NULL; copied
 * @ctx: result, with one reference
 *
 * Reads pasted text: each line can have a prefix of marks of a quotation (">", "|"),
 * blanks, a time and a host name, or "+"; listings and other text can be before, between
 * and after the functions. A function is a line with its address, class and name, and
 * the bytes below that line up to a blank line. Dumps of -x (64 bytes) and -xxx
 * (256 bytes) work too, and -vmm with these; so do files of sysfs as xxd or
 * hexdump -C print them, each below its path. What is missing or cannot be read is
 * "not visible" for that function only; a warning has the line. Of a function that
 * occurs twice the bytes are joined; if they differ the last counts, and a
 * warning has both lines.
 *
 * Return: 0; -EBADMSG: the file is empty or not text: compressed, UTF-16, HTML;
 * -ENODATA: no function with bytes in it; the log has the problem and what to do.
 * -EISDIR and other errors of opening and reading the file
 */
int tph_ctx_new_dump(const char *path, const struct tph_log *log, struct tph_ctx **ctx);

/** tph_ctx_new_dump_file() - as tph_ctx_new_dump(), from @file's position to its end; not closed */
int tph_ctx_new_dump_file(FILE *file, const struct tph_log *log, struct tph_ctx **ctx);

/** tph_ctx_ref() - take a reference; returns @ctx; NULL is allowed */
struct tph_ctx *tph_ctx_ref(struct tph_ctx *ctx);

/** tph_ctx_unref() - drop a reference, the last one frees; returns NULL; NULL is allowed */
struct tph_ctx *tph_ctx_unref(struct tph_ctx *ctx);

/** tph_ctx_is_dump() - whether the functions are those of a dump */
bool tph_ctx_is_dump(const struct tph_ctx *ctx);

/** tph_ctx_has() - whether the context has a function at @bdf */
bool tph_ctx_has(const struct tph_ctx *ctx, const struct tph_bdf *bdf);

/* What tph_ctx_list() lists, or-ed */
#define TPH_LIST_REQUESTERS (1u << 0) /* has a TPH Requester capability */
#define TPH_LIST_COMPLETERS (1u << 1) /* completes 8-bit or 16-bit tags */
#define TPH_LIST_UNKNOWN    (1u << 2) /* one of the two is not visible, see enum tph_seen */
#define TPH_LIST_ALL	    (1u << 3) /* every function */

/**
 * tph_ctx_list() - addresses of functions, in order
 * @ctx: context
 * @what: TPH_LIST_*
 * @list: result, to be freed with free(); not NULL even if it is empty
 * @count: number of addresses
 *
 * Reads configuration space of every function, unless @what has TPH_LIST_ALL.
 *
 * Return: 0; -EINVAL: @what is 0 or has other bits
 */
int tph_ctx_list(struct tph_ctx *ctx, unsigned what, struct tph_bdf **list, size_t *count);

/**
 * tph_ctx_find() - find a function by its address or the name of a device
 * @ctx: context
 * @name: an address as tph_bdf_parse() takes it, or the name of a device of the
 *	function: "mlx5_0", "mlx5_0:1", "ens1f0np0", "renderD128", "vfio0", "uverbs0";
 *	each also as a path, such as "/dev/dri/renderD128"
 * @bdf: result
 *
 * Return: 0; -ENODEV: no function of @ctx has that address or name; -EINVAL: @name
 * is NULL or empty, or is not an address and @ctx is a dump, which has no names
 */
int tph_ctx_find(struct tph_ctx *ctx, const char *name, struct tph_bdf *bdf);

/* One function */

/** enum tph_support - whether something is supported or present */
enum tph_support {
	TPH_SUPPORT_UNKNOWN = 0,
	TPH_SUPPORT_NO = 1,
	TPH_SUPPORT_YES = 2,
};

/**
 * enum tph_seen - whether configuration space has a capability or a register
 * @TPH_SEEN_NO: no
 * @TPH_SEEN_YES: yes
 * @TPH_SEEN_NOT_VISIBLE: the visible part of configuration space ends before it:
 *	64 bytes are visible without root, 256 without extended access, fewer than
 *	4096 in a dump by lspci -x or -xxx
 * @TPH_SEEN_NO_ANSWER: the function reads as all ones: in reset, powered off or
 *	unplugged
 * @TPH_SEEN_MALFORMED: the list of capabilities has a loop or leaves its space,
 *	or the capability does not fit before the end of the space
 */
enum tph_seen {
	TPH_SEEN_NO = 0,
	TPH_SEEN_YES = 1,
	TPH_SEEN_NOT_VISIBLE = 2,
	TPH_SEEN_NO_ANSWER = 3,
	TPH_SEEN_MALFORMED = 4,
};

/** tph_seen_str() - "no", "yes", "not-visible", "no-answer", "malformed" */
const char *tph_seen_str(unsigned seen);

/** enum tph_port - type of a function, from the PCI Express capability and the header type */
enum tph_port {
	TPH_PORT_UNKNOWN = 0, /* not visible, or a reserved type */
	TPH_PORT_ENDPOINT,    /* PCI Express and Legacy Endpoint */
	TPH_PORT_RC_ENDPOINT, /* Root Complex Integrated Endpoint */
	TPH_PORT_RC_EVENT_COLLECTOR,
	TPH_PORT_ROOT,
	TPH_PORT_UPSTREAM,    /* of a switch */
	TPH_PORT_DOWNSTREAM,  /* of a switch */
	TPH_PORT_PCIE_TO_PCI, /* bridge */
	TPH_PORT_PCI_TO_PCIE, /* bridge */
	TPH_PORT_PCI,	      /* conventional: no PCI Express capability */
	TPH_PORT_PCI_BRIDGE,  /* conventional bridge */
	TPH_PORT_HOST_BRIDGE, /* only in struct tph_hop: above a root bus, not a function */
};

/** tph_port_str() - "endpoint", "rc-endpoint", "root-port", … */
const char *tph_port_str(unsigned port);

/** enum tph_mode - ST Mode Select of the control register; 3..7 are reserved */
enum tph_mode {
	TPH_MODE_NO_ST = 0, /* every tag is 0 */
	TPH_MODE_INTERRUPT_VECTOR = 1,
	TPH_MODE_DEVICE_SPECIFIC = 2,
};

/** tph_mode_str() - "no-st", "interrupt-vector", "device-specific"; 3..7: "reserved" */
const char *tph_mode_str(unsigned mode);

/** enum tph_enable - TPH Requester Enable of the control register; 2 is reserved */
enum tph_enable {
	TPH_ENABLE_OFF = 0,
	TPH_ENABLE_8 = 1, /* 8-bit tags only */
	TPH_ENABLE_RESERVED = 2,
	TPH_ENABLE_16 = 3, /* Extended: any tag may be sent as a 16-bit one */
};

/** tph_enable_str() - "off", "8-bit", "reserved", "16-bit" */
const char *tph_enable_str(unsigned enable);

/** enum tph_table - location of the ST table */
enum tph_table {
	TPH_TABLE_NONE = 0,
	TPH_TABLE_CAPABILITY = 1,
	TPH_TABLE_MSIX = 2, /* vector control 31:16 of the MSI-X table's entries */
	TPH_TABLE_RESERVED = 3,
};

/** tph_table_str() - "none", "capability", "msi-x", "reserved" */
const char *tph_table_str(unsigned table);

/** enum tph_completer - TPH Completer Supported, Device Capabilities 2 bits 13:12 */
enum tph_completer {
	TPH_COMPLETER_NONE = 0,
	TPH_COMPLETER_8 = 1,
	TPH_COMPLETER_RESERVED = 2, /* counts as none */
	TPH_COMPLETER_16 = 3,	    /* 8-bit and 16-bit */
};

/** tph_completer_str() - "none", "8-bit", "reserved", "16-bit" */
const char *tph_completer_str(unsigned completer);

/** TPH_DRIVER_CHARS - size of a driver's name, with the NUL */
#define TPH_DRIVER_CHARS 64

/**
 * struct tph_function - TPH and its surroundings in a function's configuration space
 *
 * In each group, members after one of type enum tph_seen are 0 unless that is
 * TPH_SEEN_YES. In a dump the IDs of a virtual function, and of a function that does
 * not answer, are 0xffff, as configuration space shows them.
 */
struct tph_function {
	struct tph_bdf bdf;
	enum tph_seen ids_seen;
	uint16_t vendor, device;
	enum tph_seen class_seen;
	uint16_t subsystem_vendor;	/* 0 of a bridge */
	uint32_t class_code;		/* 24 bits: class, subclass, interface */
	bool bridge;			/* header type 1 */
	uint8_t secondary, subordinate; /* bus numbers behind a bridge */
	enum tph_port port;
	/*
	 * Where the visible part of configuration space ends. Live: 4096; 256 of conventional
	 * PCI or without extended access; 64 without root; 0 if it could not be opened. In a
	 * dump: 1 to 4096, and there can be gaps before the end.
	 */
	uint16_t config_bytes;
	/* TPH_SEEN_NO: no driver is bound; TPH_SEEN_NOT_VISIBLE: not known, as in a dump */
	enum tph_seen driver_seen;
	char driver[TPH_DRIVER_CHARS]; /* "mlx5_core"; "" unless driver_seen is TPH_SEEN_YES */
	/*
	 * The link is in flit mode: the one below a Root Port or a Downstream Port, else the
	 * one above. A 16-bit tag needs no prefix there.
	 */
	bool flit;

	struct {
		enum tph_seen seen;	      /* TPH Requester extended capability */
		uint16_t offset;	      /* of the capability, bytes */
		uint32_t capability, control; /* the two registers */
		/* Decoded from the capability register: what the function can do */
		bool no_st, interrupt_vector, device_specific; /* modes */
		bool extended;				       /* can send 16-bit tags */
		enum tph_table table;
		/* Entries of the ST table: 1..2048; 0: no table, or a reserved location */
		uint16_t table_entries;
		/* Decoded from the control register: what the function does now */
		uint8_t mode; /* enum tph_mode, or reserved 3..7 */
		enum tph_enable enable;
	} requester;

	struct {
		enum tph_seen seen; /* the PCI Express capability and its DevCap2 */
		uint32_t devcap2;   /* the register */
		enum tph_completer type;
		bool prefix;	     /* supports End-End TLP Prefixes */
		uint8_t prefix_max;  /* the most in one TLP: 1..4; 0: not supported */
		bool prefix_blocked; /* DevCtl2 bit 15: this port sends none */
	} completer;

	struct {
		enum tph_seen seen; /* the ACS extended capability */
		uint16_t offset;
		uint16_t capability, control; /* the registers */
		/* What the control register turns on */
		bool request_redirect, completion_redirect, egress_control;
		bool direct_translated; /* requests with translated addresses are not redirected */
	} acs;

	struct {
		enum tph_seen seen; /* the ATS extended capability */
		uint16_t offset;
		bool enabled; /* it may send translated addresses */
	} ats;

	struct {
		/*
		 * TPH_SEEN_NO: it is on a root bus; TPH_SEEN_NOT_VISIBLE: the bridge is not in
		 * the context
		 */
		enum tph_seen seen;
		struct tph_bdf bdf; /* the bridge whose bus it is on */
	} above;
};

/**
 * tph_function_read() - decode a function
 * @ctx: context
 * @bdf: address
 * @function: result, to be freed with tph_function_free()
 *
 * Return: 0, also where little is visible; -ENODEV: @ctx has no function at @bdf
 */
int tph_function_read(struct tph_ctx *ctx, const struct tph_bdf *bdf,
		      struct tph_function **function);
void tph_function_free(struct tph_function *function);

/** struct tph_name - a device that a function's driver registered */
struct tph_name {
	const char *subsystem; /* "infiniband", "net", "drm", "accel", "vfio-dev", "nvme" */
	const char *name;      /* "mlx5_0", "ens1f0np0", "renderD128", …; any bytes but "/" */
};

/** struct tph_names - the names of a function, by subsystem in the order above */
struct tph_names {
	const struct tph_name *names;
	size_t count;
};

/**
 * tph_names_read() - read the names of a function's devices, at each call
 * @ctx: context
 * @bdf: address
 * @names: result, to be freed with tph_names_free(); empty for a dump
 *
 * Reads folders of sysfs, no configuration space.
 *
 * Return: 0; -ENODEV: the context has no function at @bdf
 */
int tph_names_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_names **names);
void tph_names_free(struct tph_names *names);

/**
 * tph_function_driver() - the driver of a function, and whether it enables TPH
 * @function: the function
 * @enables: TPH_SUPPORT_YES: it calls pcie_enable_tph() in Linux 7.3, as mlx5_core and
 *	bnxt_en do; TPH_SUPPORT_NO: it does not; TPH_SUPPORT_UNKNOWN: the driver is not
 *	known, or nothing is known of it. NULL: not wanted
 *
 * If no driver is bound, or in a dump, it is the driver that Linux has for the IDs.
 *
 * Return: the driver's name, valid until @function is freed; NULL: not known
 */
const char *tph_function_driver(const struct tph_function *function, enum tph_support *enables);

/**
 * struct tph_place - NUMA node and IOMMU group of a function
 * @numa_node: -1: none, or not known
 * @iommu_group: -1: none
 * @iommu_type: of the group's default domain: "DMA", "DMA-FQ", "identity", …; "": not
 *	known
 * @is_virtual: a virtual function
 */
struct tph_place {
	int numa_node;
	int iommu_group;
	char iommu_type[32];
	bool is_virtual;
};

/**
 * tph_place_read() - read NUMA node and IOMMU group of a function, at each call
 * @ctx: context
 * @bdf: address
 * @place: result
 *
 * Needs no privilege and reads no configuration space.
 *
 * Return: 0; -ENODEV: the context has no function at @bdf, or it was removed;
 * -EOPNOTSUPP: @ctx is a dump; other errors of opening its folder
 */
int tph_place_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_place *place);

/** TPH_VPD_CHARS - size of a text of struct tph_vpd, with the NUL */
#define TPH_VPD_CHARS 256

/**
 * struct tph_vpd - Vital Product Data of a function (PCIe Base 6.x 6.27)
 * @name: the identifier string
 * @serial: keyword SN, of the board
 * @v3: keyword V3, vendor-specific; all functions of one ConnectX have the same
 * @vu: keyword VU, vendor-specific; Linux finds a ConnectX' Data Direct function by it
 *
 * Texts are printable ASCII without blanks at the end; "" if one is missing, too long
 * or has other bytes. Of a keyword that occurs twice the first such text counts.
 */
struct tph_vpd {
	char name[TPH_VPD_CHARS];
	char serial[TPH_VPD_CHARS];
	char v3[TPH_VPD_CHARS];
	char vu[TPH_VPD_CHARS];
};

/**
 * tph_vpd_read() - read a function's Vital Product Data, at each call
 * @ctx: context
 * @bdf: address
 * @vpd: result
 *
 * Needs root. Some devices take a second to return it. What precedes a malformed item
 * is read.
 *
 * Return: 0; -ENODEV: the context has no function at @bdf, or it was removed;
 * -EOPNOTSUPP: @ctx is a dump; -ENOENT: it has no VPD; -EACCES: needs root; -EBADMSG:
 * its VPD has none of the texts above; other errors of reading it
 */
int tph_vpd_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_vpd *vpd);

/**
 * struct tph_st_table - the entries of a function's ST table
 * @table: TPH_TABLE_CAPABILITY or TPH_TABLE_MSIX
 * @count: number of entries
 * @declared: number of entries in the capability register; those above @count do
 *	not fit
 * @tags: the entries; an 8-bit tag is in the low byte
 */
struct tph_st_table {
	enum tph_table table;
	size_t count;
	size_t declared;
	const uint16_t *tags;
};

/**
 * tph_st_table_read() - read the entries of a function's ST table, at each call
 * @ctx: context
 * @bdf: address
 * @table: result, to be freed with tph_st_table_free()
 *
 * Entries in the MSI-X table are read through the BAR's file in sysfs, which
 * needs root and a function that decodes memory.
 *
 * Return: 0; -ENODEV: the context has no function at @bdf; -ENOENT: no TPH
 * Requester capability or no ST table; -ENODATA: not visible, or in MSI-X and
 * @ctx is a dump; -EACCES, -EPERM: needs root; -EAGAIN: the function does not
 * decode memory or does not answer now; -EBADMSG: reserved location, malformed
 * capabilities, no MSI-X capability, or an MSI-X table outside of its BAR
 */
int tph_st_table_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_st_table **table);
void tph_st_table_free(struct tph_st_table *table);

/* The kernel */

/**
 * struct tph_kernel - abilities of a kernel
 *
 * The caller can fill one, zeroed first, to ask about another kernel.
 */
struct tph_kernel {
	char release[64];	   /* as uname -r shows it; can be empty */
	enum tph_support tph;	   /* CONFIG_PCIE_TPH */
	enum tph_support peers;	   /* enables TPH below a Root Port that is not a completer */
	enum tph_support hints;	   /* hints on dma-bufs: dma_buf_get_tph() */
	enum tph_support p2pdma;   /* CONFIG_PCI_P2PDMA */
	enum tph_support disabled; /* YES: booted with pci=notph */
	enum tph_support cpu_p2p;  /* P2PDMA uses all host bridges: AMD family 17h and up */
	enum tph_support
		hypervisor; /* YES: in a virtual machine, whose bridges are not the real ones */
};

/**
 * tph_kernel_probe() - find out the abilities of the running kernel
 * @proc: NULL for /proc, or another folder with the same layout
 * @kernel: result
 *
 * Reads kallsyms (only names), cmdline, cpuinfo and version, and needs no
 * privilege. What depends on a file that cannot be read is TPH_SUPPORT_UNKNOWN.
 *
 * Return: 0; -ENOENT and other errors of opening @proc
 */
int tph_kernel_probe(const char *proc, struct tph_kernel *kernel);

/* A pair of functions */

/**
 * enum tph_verdict - does a hint on the importer's writes reach the exporter?
 * @TPH_VERDICT_UNKNOWN: what decides it is not visible
 * @TPH_VERDICT_NONE: no
 * @TPH_VERDICT_BEST_EFFORT: possibly; the root complex can drop it
 * @TPH_VERDICT_GUARANTEED: yes
 *
 * A higher number promises more.
 */
enum tph_verdict {
	TPH_VERDICT_UNKNOWN = 0,
	TPH_VERDICT_NONE = 1,
	TPH_VERDICT_BEST_EFFORT = 2,
	TPH_VERDICT_GUARANTEED = 3,
};

/** tph_verdict_str() - "unknown", "none", "best-effort", "guaranteed" */
const char *tph_verdict_str(unsigned verdict);

/** enum tph_route - route of requests between two functions, by the rules of Linux' P2PDMA */
enum tph_route {
	TPH_ROUTE_UNKNOWN = 0,
	TPH_ROUTE_NONE = 1,   /* the kernel maps nothing peer to peer between them */
	TPH_ROUTE_HOST = 2,   /* up to the root complex and down again */
	TPH_ROUTE_DIRECT = 3, /* through a common bridge, or the same function */
};

/** tph_route_str() - "unknown", "none", "host", "direct" */
const char *tph_route_str(unsigned route);

/**
 * enum tph_reason - why a verdict is what it is
 *
 * Where several apply a judgement has them all, those that decide the verdict
 * first: a certain no before what is not visible, and of these what cannot be
 * changed before what can be configured. "@at" is the function in struct
 * tph_cause. Numbers and names never change.
 */
enum tph_reason {
	TPH_REASON_NONE = 0, /* "none": guaranteed */

	/* Verdict none: what the two functions support */
	TPH_REASON_NOT_REQUESTER = 1,	   /* "not-requester": no TPH Requester capability */
	TPH_REASON_REQUESTER_NO_ST = 2,	   /* "requester-no-st": it can send tag 0 only */
	TPH_REASON_REQUESTER_8BIT = 3,	   /* "requester-8bit-only": for a 16-bit tag */
	TPH_REASON_NOT_COMPLETER = 4,	   /* "not-completer" */
	TPH_REASON_COMPLETER_RESERVED = 5, /* "completer-reserved": the field is 10b */
	TPH_REASON_COMPLETER_8BIT = 6,	   /* "completer-8bit-only": for a 16-bit tag */

	/* Verdict unknown: what is not visible */
	TPH_REASON_IMPORTER_NOT_VISIBLE = 7, /* "importer-not-visible": needs root, or -xxxx */
	TPH_REASON_EXPORTER_NOT_VISIBLE = 8, /* "exporter-not-visible" */
	TPH_REASON_IMPORTER_NO_ANSWER = 9,   /* "importer-no-answer": reads as all ones */
	TPH_REASON_EXPORTER_NO_ANSWER = 10,  /* "exporter-no-answer" */
	TPH_REASON_IMPORTER_MALFORMED = 11,  /* "importer-malformed": its capabilities */
	TPH_REASON_EXPORTER_MALFORMED = 12,  /* "exporter-malformed" */
	TPH_REASON_PATH_NOT_VISIBLE = 13,    /* "path-not-visible": what is above or at @at */
	TPH_REASON_ROUTE_UNKNOWN = 14,	     /* "route-unknown": depends on the CPU */

	/* Verdict none: the route */
	TPH_REASON_NO_PREFIX = 15,	/* "no-prefix": @at has no End-End prefixes; 16-bit */
	TPH_REASON_PREFIX_BLOCKED = 16, /* "prefix-blocked": at port @at; 16-bit */
	TPH_REASON_NO_ROUTE = 17,	/* "no-route": host bridge not in the kernel's list */

	/* Verdict none or unknown: the kernel */
	TPH_REASON_KERNEL_NO_TPH = 18,	  /* "kernel-no-tph": CONFIG_PCIE_TPH */
	TPH_REASON_KERNEL_NO_HINTS = 19,  /* "kernel-no-hints": without the series */
	TPH_REASON_KERNEL_NO_P2PDMA = 20, /* "kernel-no-p2pdma": CONFIG_PCI_P2PDMA */
	TPH_REASON_KERNEL_UNKNOWN = 21,	  /* "kernel-unknown": its abilities are not known */

	/* Verdict unknown, none or best effort: port @at */
	TPH_REASON_ACS_REDIRECT = 22, /* "acs-redirect" */

	/* Verdict none: what can be configured */
	TPH_REASON_ROOT_NOT_COMPLETER = 23, /* "root-port-not-completer": @at is on the route */
	TPH_REASON_ROOT_8BIT = 24,	 /* "root-port-8bit-only": 16-bit is never on below @at */
	TPH_REASON_KERNEL_NO_PEERS = 25, /* "kernel-no-peers": it enables no TPH below @at */
	TPH_REASON_KERNEL_DISABLED = 26, /* "kernel-tph-disabled": pci=notph */
	TPH_REASON_DISABLED = 27,	 /* "requester-disabled": TPH is not enabled now */
	TPH_REASON_ENABLE_RESERVED = 28, /* "requester-enable-reserved": the field is 10b */
	TPH_REASON_MODE_NO_ST = 29,	 /* "requester-mode-no-st": enabled, but with tag 0 only */
	TPH_REASON_ENABLED_8BIT = 30,	 /* "requester-enabled-8bit": for a 16-bit tag */
	TPH_REASON_ENABLED_16BIT = 31,	 /* "requester-enabled-16bit": for an 8-bit tag */

	/* Verdict best effort */
	TPH_REASON_HOST_BRIDGE = 32, /* "host-bridge": no common bridge below it */

	/* Later additions, in the order of their numbers */
	TPH_REASON_NO_ROOT_PORT = 33, /* "no-root-port": unknown; none above @at, as in a VM */
	/* "driver-never-enables": none; the driver of @at enables no TPH */
	TPH_REASON_DRIVER_NEVER = 34,
	/* "driver-unknown": unknown; whether the driver of @at enables TPH */
	TPH_REASON_DRIVER_UNKNOWN = 35,
	/* "acs-platform": as acs-redirect, by a setting of @at that Linux does not make */
	TPH_REASON_ACS_PLATFORM = 36,
	TPH_REASON_HOST_16BIT = 37,    /* "host-16bit": none; a root complex may drop prefixes */
	TPH_REASON_SAME_DEVICE = 38,   /* "same-device": best effort; @at may drop the hint */
	TPH_REASON_NOT_PCIE_8BIT = 39, /* "not-pcie": best effort; the bus below @at is not PCIe */
	TPH_REASON_NOT_PCIE = 40,      /* "not-pcie-16bit": none; the bus below @at is not PCIe */
};

/** tph_reason_str() - the names in the comments above */
const char *tph_reason_str(unsigned reason);

/**
 * struct tph_cause - a reason why a verdict is not better
 * @verdict: what the verdict would be by this reason only
 * @reason: the reason
 * @at: the function that @reason is about: importer, exporter or a bridge
 * @sentence: one line of text: what it is, where, and what to do about it
 */
struct tph_cause {
	enum tph_verdict verdict;
	enum tph_reason reason;
	struct tph_bdf at;
	const char *sentence;
};

/**
 * struct tph_judgement - a verdict with its reasons
 * @verdict: the verdict
 * @reason: the first of @causes; TPH_REASON_NONE if there is none
 * @at: of that cause; the exporter if there is none
 * @sentence: of that cause; never NULL
 * @causes: the reasons why the verdict is not better, up to 24, those that decide it first
 * @cause_count: number of them; 0: guaranteed
 */
struct tph_judgement {
	enum tph_verdict verdict;
	enum tph_reason reason;
	struct tph_bdf at;
	const char *sentence;
	const struct tph_cause *causes;
	size_t cause_count;
};

/** enum tph_side - place of a hop in the tree of the two functions */
enum tph_side {
	TPH_SIDE_IMPORTER = 0, /* the importer, and the bridges above it only */
	TPH_SIDE_COMMON = 1,   /* above both */
	TPH_SIDE_EXPORTER = 2, /* the exporter, and the bridges above it only */
};

/** tph_side_str() - "importer", "common", "exporter" */
const char *tph_side_str(unsigned side);

/**
 * struct tph_hop - the importer, the exporter, a bridge above one of them, or a host bridge
 * @function: its configuration space. Of a host bridge bdf.domain, bdf.bus (the
 *	root bus) and port are set
 * @side: its place in the tree
 * @on_route: requests pass it
 * @redirects: its ACS control makes Linux assume a route through the host
 * @redirects_requests: its ACS control sends requests between peers to the host
 * @redirects_completions: its ACS control sends completions between peers to the host
 */
struct tph_hop {
	const struct tph_function *function;
	enum tph_side side;
	bool on_route;
	bool redirects;
	bool redirects_requests;
	bool redirects_completions;
};

/** enum tph_when - judged by what is enabled now, or could be; an index of arrays here */
enum tph_when {
	TPH_NOW = 0,
	/* If the kernel enables TPH in the importer, without ACS redirect and pci=notph */
	TPH_COULD_BE = 1,
};
#define TPH_WHENS 2

/**
 * struct tph_path - the route between two functions, and the verdicts
 * @importer: the requester
 * @exporter: the completer
 * @hops: first TPH_SIDE_IMPORTER: the importer and up to its topmost bridge; then
 *	TPH_SIDE_COMMON: the bridges above both, lowest first, the host bridge last;
 *	then TPH_SIDE_EXPORTER: the topmost bridge and down to the exporter. Two host
 *	bridges are the topmost of their sides. If importer and exporter are one
 *	function, it is one hop of TPH_SIDE_COMMON.
 * @hop_count: number of hops
 * @complete: all bridges up to the root buses are visible
 * @common: index in @hops of the bridge that a direct route goes through;
 *	-1: there is none below the host bridge
 * @route: the route that Linux assumes now
 * @requests: the route of the importer's requests by ACS of the port where they turn,
 *	whatever Linux assumes
 * @completions: the same for the exporter's completions of reads
 * @translated_direct: @requests is TPH_ROUTE_HOST, but requests with translated
 *	addresses are exempt (ACS Direct Translated), and ATS of the importer is enabled
 * @judgements: [TPH_NOW or TPH_COULD_BE][TPH_WIDTH_8 or TPH_WIDTH_16]
 */
struct tph_path {
	struct tph_bdf importer, exporter;
	const struct tph_hop *hops;
	size_t hop_count;
	bool complete;
	int common;
	enum tph_route route;
	enum tph_route requests, completions;
	bool translated_direct;
	struct tph_judgement judgements[TPH_WHENS][TPH_WIDTHS];
};

/**
 * tph_path_read() - find the route between two functions and judge it
 * @ctx: context
 * @importer: the requester, such as a NIC
 * @exporter: the completer, whose memory is written
 * @kernel: abilities of the kernel, see tph_kernel_probe(); NULL: all of them; the
 *	CPU is then known only if the IDs of its host bridges identify it
 * @path: result, to be freed with tph_path_free()
 *
 * The verdict agrees with the kernel's own, which the exporter asks for whenever
 * a dma-buf is attached. It is stricter in that a requester in No-ST mode sends no
 * tag, and more careful where no Root Port is visible: then the bridges are a
 * hypervisor's, and the verdict is unknown. The lists of host bridges and of
 * drivers are those of Linux 7.3. ACS is as the context read it; the kernel uses
 * what it read first.
 *
 * Return: 0, whatever the verdict; -ENODEV: the context lacks @importer or @exporter
 */
int tph_path_read(struct tph_ctx *ctx, const struct tph_bdf *importer,
		  const struct tph_bdf *exporter, const struct tph_kernel *kernel,
		  struct tph_path **path);
void tph_path_free(struct tph_path *path);

/* A device that the caller owns through VFIO */

/** struct tph_vfio - a PCI function, open through VFIO; usable by any thread until it is closed */
struct tph_vfio;

/** TPH_VFIO_FILE_CHARS - size of the buffer for tph_vfio_open()'s file name, with the NUL */
#define TPH_VFIO_FILE_CHARS 300

/**
 * tph_vfio_open() - open a PCI function through VFIO
 * @bdf: its address; it must be bound to vfio-pci or a variant of it
 * @device: result, to be closed with tph_vfio_close()
 * @file: written also on failure: the file in /dev/vfio that was opened, or that
 *	the error is about. NULL: not wanted
 *
 * Uses the function's own file and /dev/iommu where the kernel has them, else its
 * IOMMU group, also without an IOMMU where the kernel allows that. VFIO resets the
 * function if it can. The functions below work at once, but no memory is mapped
 * for DMA by the device. A caller that needs that opens the device itself: the
 * functions below take only the file descriptor.
 *
 * Return: 0; -ENODEV: no function at @bdf; -ENOENT: @file does not exist: the
 * function is not bound to vfio-pci, or VFIO is not loaded; -EBUSY: it is open
 * already; -EXDEV: another function of its group is bound to a driver other than
 * VFIO's; -EACCES, -EPERM: needs root, or a user that can open @file; other errors
 * of opening it
 */
int tph_vfio_open(const struct tph_bdf *bdf, struct tph_vfio **device,
		  char file[TPH_VFIO_FILE_CHARS]);

/**
 * tph_vfio_close() - close the device; NULL is allowed
 *
 * VFIO revokes its dma-bufs, also those that other processes hold.
 */
void tph_vfio_close(struct tph_vfio *device);

/** tph_vfio_fd() - the VFIO device's file descriptor, which the library closes */
int tph_vfio_fd(const struct tph_vfio *device);

/** tph_vfio_open_advice() - what to do about an error of tph_vfio_open(), a constant string */
const char *tph_vfio_open_advice(int error);

/* What tph_vfio_enable() turns on, or-ed */
#define TPH_VFIO_MEMORY	    (1u << 0) /* decodes memory; while off, its dma-bufs are revoked */
#define TPH_VFIO_BUS_MASTER (1u << 1) /* sends requests */

/**
 * tph_vfio_enable() - write the function's command register
 * @device_fd: VFIO device
 * @what: TPH_VFIO_*, or-ed; a bit that is not set is turned off
 *
 * A dma-buf has memory only while the function decodes memory.
 *
 * Return: 0; -EINVAL: @what has other bits; -EIO and other errors of reading and
 * writing the register
 */
int tph_vfio_enable(int device_fd, unsigned what);

/* Its dma-bufs and their hints */

/* flags of struct tph_hints */
#define TPH_HINT_ST	      (1u << 0)	 /* @st is set, for importers that send 8-bit tags */
#define TPH_HINT_ST_EXT	      (1u << 1)	 /* @st_ext is set, for importers that send 16-bit tags */
#define TPH_HINT_REQUIRED     (1u << 2)	 /* importers that do not send the hint cannot map */
#define TPH_HINT_TAKEN_ST     (1u << 16) /* read only: an importer has mapped and sends st … */
#define TPH_HINT_TAKEN_ST_EXT (1u << 17) /* … or sends st_ext */

/**
 * struct tph_hints - the hints of a dma-buf
 * @flags: TPH_HINT_*, or-ed; 0: no hint. A tag of 0 can be set, too
 * @st_ext: 16-bit tag; 0 without TPH_HINT_ST_EXT
 * @st: 8-bit tag; 0 without TPH_HINT_ST
 * @ph: Processing Hint of both tags, enum tph_ph; 0 without a tag
 */
struct tph_hints {
	uint32_t flags;
	uint16_t st_ext;
	uint8_t st;
	uint8_t ph;
};

/**
 * struct tph_vfio_support - what can be used with a device on this kernel
 * @export_dmabuf: segments of its BARs as dma-bufs
 * @at_export: hints in the export flags
 * @feature: hints set, read and cleared after the export, by the device feature
 * @required: TPH_HINT_REQUIRED
 * @extended: 16-bit tags
 */
struct tph_vfio_support {
	bool export_dmabuf;
	bool at_export;
	bool feature;
	bool required;
	bool extended;
};

/**
 * tph_vfio_probe() - find out what can be used with a device
 * @device_fd: VFIO device, bound to its group or an iommufd
 * @support: result
 *
 * Exports nothing and changes nothing.
 *
 * Return: 0: hints can be set; -EOPNOTSUPP: the device is not a TPH completer, or
 * its driver exports no memory; -ENOTTY: the kernel has no hints on dma-bufs, or
 * @device_fd is not a VFIO device; -EBADF, -EINVAL and other errors of the ioctl.
 * @support is written in all of these cases.
 */
int tph_vfio_probe(int device_fd, struct tph_vfio_support *support);

/** struct tph_range - a segment of a BAR, in bytes, both multiples of the page size */
struct tph_range {
	uint64_t offset;
	uint64_t length;
};

/**
 * struct tph_vfio_export - a dma-buf to be exported
 * @bar: number of the BAR, 0..5
 * @open_flags: O_CLOEXEC and an access mode, such as O_RDWR
 * @ranges: segments of the BAR, in the order of the buffer
 * @range_count: number of segments, 1..4096
 * @hints: the hints; all 0: none
 */
struct tph_vfio_export {
	uint32_t bar;
	int open_flags;
	const struct tph_range *ranges;
	size_t range_count;
	struct tph_hints hints;
};

/**
 * tph_vfio_export() - export memory of a BAR as a dma-buf with hints
 * @device_fd: VFIO device
 * @request: what to export
 *
 * The hints are set before the file descriptor is returned, so before an importer
 * can attach: through the export flags, or by the device feature where the flags
 * cannot carry them (two tags) or the kernel lacks them. If that fails, the dma-buf
 * is closed again.
 *
 * Return: the file descriptor. -EINVAL: inconsistent hints, no range, or ranges
 * that are not page aligned, leave the BAR or overlap; -ENODEV: @bar is not a
 * memory BAR, or the device was closed; -EOPNOTSUPP: the device is not a TPH
 * completer, or not of 16-bit tags, the BAR is not prefetchable, or its driver
 * exports no memory; -ENOTTY: the kernel cannot export, or has no such hints;
 * -E2BIG: too many ranges; -EBADF, -EMFILE and other errors of the ioctl
 */
int tph_vfio_export(int device_fd, const struct tph_vfio_export *request);

/**
 * tph_vfio_set_hints() - replace all hints of a dma-buf
 * @device_fd: VFIO device that exported it
 * @dmabuf_fd: the dma-buf
 * @hints: the new hints; all 0: none. TPH_HINT_TAKEN_* are ignored, so that what
 *	tph_vfio_get_hints() returned can be changed and set
 *
 * TPH_HINT_REQUIRED without a tag closes the buffer: importers cannot map it until
 * hints with a tag are set.
 *
 * Return: 0; -EINVAL: inconsistent hints, or a dma-buf of another exporter or
 * device; -EBADF: @dmabuf_fd is not an open file; -ENODEV: the device it came from
 * was closed or does not answer; -EBUSY: an importer that has mapped sends a hint
 * that would change, one of its own where a hint would be added, or none where one
 * would be required; -EOPNOTSUPP: the device is not a TPH completer, or not of
 * 16-bit tags, or the BAR is not prefetchable; -ENOTTY: the kernel has no such
 * feature; -EINTR: a signal
 */
int tph_vfio_set_hints(int device_fd, int dmabuf_fd, const struct tph_hints *hints);

/** tph_vfio_get_hints() - read the hints of a dma-buf; errors as of tph_vfio_set_hints() */
int tph_vfio_get_hints(int device_fd, int dmabuf_fd, struct tph_hints *hints);

/** tph_vfio_explain() - what an error of the functions above means, a constant string */
const char *tph_vfio_explain(int error);

/* The dma-bufs of the machine */

/** struct tph_holder - a process that has file descriptors of a dma-buf */
struct tph_holder {
	int32_t pid;
	int32_t fd;	     /* the lowest of them */
	const char *command; /* the process's name, any bytes; "" if it is not known */
	size_t fd_count;     /* number of them */
};

/**
 * struct tph_importer - a device that is attached to a dma-buf
 * @device: the kernel's name of it: of a PCI function the address
 * @hints: the hint that it stated for its writes: one tag with @hints.ph, or none
 * @own_hint: it stated that its writes carry a hint of its own, such as a DMAH's
 * @mapped: number of its mappings of the buffer, if it stated either; else 0, since
 *	the kernel does not show it
 */
struct tph_importer {
	const char *device;
	struct tph_hints hints;
	bool own_hint;
	uint32_t mapped;
};

/**
 * struct tph_buf - a dma-buf
 * @inode: the kernel's number of it; 0: not known, then each file descriptor is
 *	a buffer here
 * @size_bytes: its size
 * @references: to its file, by file descriptors, mappings and the kernel
 * @exporter: such as "vfio_pci_core"
 * @name: the name that a process set, any bytes; "" if it has no name
 * @hints_known: TPH_SUPPORT_YES: @hints are its hints; TPH_SUPPORT_UNKNOWN: the
 *	kernel does not show them
 * @hints: its hints; TPH_HINT_TAKEN_* also by what @importers state
 * @holders: the processes that have file descriptors of it, in the order of PIDs
 * @holder_count: number of holders
 * @importers: the devices that are attached to it
 * @importer_count: number of importers; 0 where they are not known
 */
struct tph_buf {
	uint64_t inode;
	uint64_t size_bytes;
	uint64_t references;
	const char *exporter;
	const char *name;
	enum tph_support hints_known;
	struct tph_hints hints;
	const struct tph_holder *holders;
	size_t holder_count;
	const struct tph_importer *importers;
	size_t importer_count;
};

/**
 * struct tph_bufs - the dma-bufs that could be seen
 * @bufs: in the order of inodes
 * @count: number of buffers
 * @denied: number of processes that this user must not read
 * @importers_known: TPH_SUPPORT_YES: the kernel showed every buffer and its importers;
 *	TPH_SUPPORT_UNKNOWN: that needs root, and debugfs
 */
struct tph_bufs {
	const struct tph_buf *bufs;
	size_t count;
	size_t denied;
	enum tph_support importers_known;
};

/**
 * tph_bufs_read() - find the dma-bufs of the machine, their holders and importers
 * @proc: NULL for /proc, or another folder with the same layout
 * @bufinfo: NULL for dma_buf/bufinfo of debugfs, or another file with the same layout
 * @bufs: result, to be freed with tph_bufs_free()
 *
 * Needs root to see those of other users. Processes that end meanwhile are left
 * out. Without @bufinfo a buffer is not found if it is held only by the kernel, a
 * mapping, a message in a socket, or a thread with file descriptors of its own.
 *
 * Hints are the fdinfo line "tph:" with words "st=0x5a", "st_ext=0x1234", "ph=2",
 * "required=1"; an absent word is 0 or not set. TPH_HINT_TAKEN_ST and _ST_EXT are
 * set where an importer in @bufinfo has mapped the buffer and states that hint, or by
 * words "taken_st=1" and "taken_st_ext=1".
 *
 * A process chooses @name and @command: escape them before a terminal shows them.
 * Inode, size, references and exporter are the kernel's own. So are the hints if
 * the kernel writes that line and escapes the names of dma-bufs, as kernels with
 * the dma-buf TPH series do.
 *
 * Return: 0; -EMFILE, -ENFILE: no file descriptor left; -ENOENT and other errors
 * of opening @proc
 */
int tph_bufs_read(const char *proc, const char *bufinfo, struct tph_bufs **bufs);
void tph_bufs_free(struct tph_bufs *bufs);

/**
 * tph_buf_hints() - the hints of a dma-buf that the caller holds, such as an importer
 * @proc: NULL for /proc, or another folder with the same layout
 * @dmabuf_fd: the dma-buf
 * @hints: result
 *
 * Needs neither root nor the device that exported it: reads thread-self/fdinfo.
 *
 * Return: 0; -EBADF: @dmabuf_fd is not an open file; -EINVAL: it is not a dma-buf;
 * -ENODATA: the kernel does not show its hints; -ENAMETOOLONG: @proc is too long;
 * other errors of opening @proc
 */
int tph_buf_hints(const char *proc, int dmabuf_fd, struct tph_hints *hints);

#ifdef __cplusplus
}
#endif

#endif
