// SPDX-License-Identifier: GPL-2.0-or-later
/* tphctl export: a dma-buf of a BAR with a hint, for a command to use. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tphctl/export.h"
#include "tphctl/json.h"
#include "tphctl/run.h"
#include "tphctl/tphctl.h"

static const char USAGE[] =
	"usage: tphctl export NAME --bar N --offset O --length L --st T --ph WORD\n"
	"                     [--ext] [--required] [--json] -- CMD…\n"
	"\n"
	"Exports a segment of a BAR as a dma-buf with a hint and runs CMD, which inherits\n"
	"it: its number is in TPH_DMABUF_FD. NAME must be bound to vfio-pci.\n"
	"\n"
	"  --bar N                 0 to 5\n"
	"  --offset O, --length L  bytes, multiples of the page size; 4K, 1M, 2G, …\n"
	"  --st T                  steering tag: 0 to 0xff, with --ext 0 to 0xffff\n"
	"  --ph WORD               bidirectional, requester, target or target-priority\n"
	"  --ext                   the tag has 16 bits\n"
	"  --required              importers that do not send the hint cannot map it\n"
	"  --json                  a line about the buffer on standard output, then CMD\n"
	"\n"
	"Exit status: CMD's, 128 and its number for a signal; 125 tphctl failed, 126 CMD\n"
	"cannot be run, 127 there is no CMD.\n";

/* Fails where the device or the kernel would, but says what to do. */
static int check_support(int device_fd, const char *name, const struct export *want)
{
	struct tph_vfio_support support;
	int ret = tph_vfio_probe(device_fd, &support);

	if (ret == -ENOTTY && !support.export_dmabuf)
		return fail(
			EXIT_OURS,
			"export: this kernel cannot export memory of %s as a dma-buf: that needs "
			"Linux 6.19 or newer with CONFIG_VFIO_PCI_DMABUF",
			name);
	if (ret == -ENOTTY)
		return fail(EXIT_OURS,
			    "export: this kernel does not support hints on dma-bufs of %s: boot "
			    "one with the dma-buf TPH series",
			    name);
	if (ret == -EOPNOTSUPP)
		return fail(EXIT_OURS,
			    "export: %s is not a TPH completer, so it takes no hints: see tphctl "
			    "show %s",
			    name, name);
	if (ret)
		return fail(EXIT_OURS, "export: cannot ask the kernel about hints on %s: %s", name,
			    tph_vfio_explain(ret));
	if (want->ext && !support.extended)
		return fail(
			EXIT_OURS,
			"export: %s completes 8-bit tags only: leave out --ext, and give a tag of "
			"8 bits",
			name);
	return 0;
}

static int export_buffer(int device_fd, const char *name, const struct export *want)
{
	struct tph_range range = {want->offset, want->length};
	struct tph_vfio_export request = {
		.bar = (uint32_t)want->bar,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = &range,
		.range_count = 1,
		.hints = {.flags = (want->ext ? TPH_HINT_ST_EXT : TPH_HINT_ST) |
				   (want->required ? TPH_HINT_REQUIRED : 0),
			  .st = want->ext ? 0 : (uint8_t)want->tag,
			  .st_ext = want->ext ? (uint16_t)want->tag : 0,
			  .ph = (uint8_t)want->ph},
	};
	struct tph_vfio_support support;
	int fd = tph_vfio_export(device_fd, &request);

	if (fd >= 0)
		return fd;
	if (want->required && !tph_vfio_probe(device_fd, &support) && !support.required)
		fail(EXIT_OURS,
		     "export: the kernel refused --required for %s, since it does not support "
		     "required hints: leave it out, or boot a kernel with the dma-buf TPH series",
		     name);
	else
		fail(EXIT_OURS, "export: the kernel did not export BAR %u of %s: %s",
		     (unsigned)want->bar, name, tph_vfio_explain(fd));
	return fd;
}

/* One line, before the output of CMD. */
static int print_json(const char *name, const struct export *want)
{
	struct json_object *root = json_begin("export");

	json_put_string(root, "function", name);
	json_put_number(root, "bar", want->bar);
	json_put_number(root, "offset", want->offset);
	json_put_number(root, "length", want->length);
	json_put_tag(root, "st", !want->ext, (unsigned)want->tag, TPH_WIDTH_8);
	json_put_tag(root, "st_ext", want->ext, (unsigned)want->tag, TPH_WIDTH_16);
	json_put_string(root, "ph", tph_ph_str((unsigned)want->ph));
	json_put_bool(root, "required", want->required);
	return json_end(root, true) ? EXIT_OURS : EXIT_DONE;
}

static int export_and_run(int device_fd, const char *name, const struct export *want)
{
	int fd, ret, status = check_support(device_fd, name, want);

	if (status)
		return status;
	ret = tph_vfio_enable(device_fd, TPH_VFIO_MEMORY);
	if (ret)
		return fail(EXIT_OURS,
			    "export: cannot turn on memory decoding of %s: %s; see dmesg for what "
			    "vfio-pci said",
			    name, strerror(-ret));
	fd = export_buffer(device_fd, name, want);
	if (fd < 0)
		return EXIT_OURS;
	if (want->json)
		status = print_json(name, want);
	if (!status)
		status = run_command(want->command, fd);
	close(fd);
	return status;
}

int run_export(int argc, char **argv)
{
	struct export want;
	struct tph_vfio *device;
	struct tph_bdf bdf;
	char name[TPH_BDF_CHARS];
	int status;

	if (export_parse(argc, argv, &want))
		return EXIT_OURS;
	if (want.help)
		return show_usage(USAGE);
	if (export_check_device(&want, &bdf, name) || export_open(&bdf, name, &device))
		return EXIT_OURS;
	status = export_and_run(tph_vfio_fd(device), name, &want);
	tph_vfio_close(device);
	return status;
}
