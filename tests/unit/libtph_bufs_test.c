// SPDX-License-Identifier: GPL-2.0-or-later
/* The dma-bufs of a machine, from a folder laid out like /proc and from /proc itself. */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((format(printf, 3, 4))) static void put(const char *proc, const char *text,
						      const char *format, ...)
{
	char name[128];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	put_file(proc, name, text, strlen(text));
}

#define HEAD "pos:\t0\nflags:\t02000002\nmnt_id:\t15\n"
#define BUF  "size:\t2097152\ncount:\t3\nexp_name:\tvfio_pci_core\n"

/* The buffers, without debugfs. */
static struct tph_bufs *read_bufs(const char *proc, size_t count)
{
	struct tph_bufs *bufs;

	assert_int_equal(tph_bufs_read(proc, "/nonexistent", &bufs), 0);
	assert_int_equal(bufs->count, count);
	return bufs;
}

/* The only buffer of a process with this fdinfo. */
static struct tph_bufs *read_one(const char *proc, const char *text)
{
	put(proc, text, "5/fdinfo/3");
	return read_bufs(proc, 1);
}

/* Two processes hold one buffer; other entries of the folder are ignored. */
FOLDER_TEST(holders)
{
	static const char ring[] = HEAD "ino:\t9\n" BUF "name:\tring\n"
					"tph:\tst=0x5a st_ext=0x1234 ph=2 required=1\n";
	const char *proc = *state;
	struct tph_bufs *bufs;

	put(proc, "fabric\n", "77/comm");
	put(proc, ring, "77/fdinfo/5");
	put(proc, HEAD "ino:\t3\n", "77/fdinfo/6");
	put(proc, "nic\n", "1234/comm");
	put(proc, ring, "1234/fdinfo/10");
	put(proc, HEAD "ino:\t4\n" BUF "tph:\t\n", "1234/fdinfo/11");
	put(proc, HEAD "ino:\t9\n" BUF, "self/fdinfo/5");
	put(proc, HEAD "ino:\t9\n" BUF, "77x/fdinfo/5");
	put(proc, "", "uptime");
	bufs = read_bufs(proc, 2);
	assert_int_equal(bufs->denied, 0);

	assert_int_equal(bufs->bufs[0].inode, 4);
	assert_int_equal(bufs->bufs[0].hints_known, TPH_SUPPORT_YES);
	assert_int_equal(bufs->bufs[0].hints.flags, 0);
	assert_string_equal(bufs->bufs[0].name, "");

	assert_int_equal(bufs->bufs[1].inode, 9);
	assert_int_equal(bufs->bufs[1].size_bytes, 2097152);
	assert_int_equal(bufs->bufs[1].references, 3);
	assert_string_equal(bufs->bufs[1].exporter, "vfio_pci_core");
	assert_string_equal(bufs->bufs[1].name, "ring");
	assert_int_equal(bufs->bufs[1].holder_count, 2);
	assert_int_equal(bufs->bufs[1].holders[0].pid, 77);
	assert_int_equal(bufs->bufs[1].holders[0].fd, 5);
	assert_string_equal(bufs->bufs[1].holders[0].command, "fabric");
	assert_int_equal(bufs->bufs[1].holders[1].pid, 1234);
	assert_string_equal(bufs->bufs[1].holders[1].command, "nic");
	assert_int_equal(bufs->bufs[1].hints.flags,
			 TPH_HINT_ST | TPH_HINT_ST_EXT | TPH_HINT_REQUIRED);
	assert_int_equal(bufs->bufs[1].hints.st, 0x5a);
	assert_int_equal(bufs->bufs[1].hints.st_ext, 0x1234);
	assert_int_equal(bufs->bufs[1].hints.ph, 2);
	tph_bufs_free(bufs);
}

/* Forms of the "tph:" line. A line within a name does not replace the kernel's line. */
FOLDER_TEST(hint_lines)
{
	static const struct {
		const char *line;
		enum tph_support known;
		struct tph_hints hints;
	} rows[] = {
		{"", TPH_SUPPORT_UNKNOWN, {0, 0, 0, 0}},
		{"tph:\tnone\n", TPH_SUPPORT_YES, {0, 0, 0, 0}},
		{"tph:\tst=0 ph=0\n", TPH_SUPPORT_YES, {TPH_HINT_ST, 0, 0, 0}},
		{"tph: ph=3 new=7 st_ext=0xffff", TPH_SUPPORT_YES, {TPH_HINT_ST_EXT, 0xffff, 0, 3}},
		{"tph:\tst=0x100 st_ext=0x10000 ph=4 st=-1 =\n", TPH_SUPPORT_YES, {0, 0, 0, 0}},
		{"tph:\tst=0x5a required=0 taken_st=1\n",
		 TPH_SUPPORT_YES,
		 {TPH_HINT_ST | TPH_HINT_TAKEN_ST, 0, 0x5a, 0}},
		{"tph:\tst_ext=0x1 taken_st_ext=1\n",
		 TPH_SUPPORT_YES,
		 {TPH_HINT_ST_EXT | TPH_HINT_TAKEN_ST_EXT, 1, 0, 0}},
		{"name:\ta\ntph:\tst=1 required=1\ntph:\tst_ext=2\n",
		 TPH_SUPPORT_YES,
		 {TPH_HINT_ST_EXT, 2, 0, 0}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[512];
		struct tph_bufs *bufs;

		snprintf(text, sizeof(text), HEAD "ino:\t1\n" BUF "%s", rows[i].line);
		put(*state, text, "5/fdinfo/3");
		bufs = read_bufs(*state, 1);
		assert_int_equal(bufs->bufs[0].hints_known, rows[i].known);
		assert_memory_equal(&bufs->bufs[0].hints, &rows[i].hints, sizeof(rows[i].hints));
		tph_bufs_free(bufs);
	}
}

/* A process chooses the name: a line within it does not replace a line of the kernel. */
FOLDER_TEST(name_with_lines)
{
	static const char victim[] = HEAD "ino:\t9\n" BUF "name:\tring\ntph:\tst=0x5a required=1\n";
	static const char spoof[] =
		HEAD "ino:\t4\nsize:\t4096\ncount:\t1\nexp_name:\tsystem\n"
		     "name:\tx\nino:\t9\nsize:\t7\nexp_name:\tspoof\ncount:\t0\n"
		     "name:\tring\n";
	const char *proc = *state;
	struct tph_bufs *bufs;

	put(proc, spoof, "5/fdinfo/3");
	put(proc, victim, "77/fdinfo/5");
	bufs = read_bufs(proc, 2);
	assert_int_equal(bufs->bufs[0].inode, 4);
	assert_int_equal(bufs->bufs[0].size_bytes, 4096);
	assert_int_equal(bufs->bufs[0].references, 1);
	assert_string_equal(bufs->bufs[0].exporter, "system");
	assert_string_equal(bufs->bufs[0].name, "x");
	assert_int_equal(bufs->bufs[1].inode, 9);
	assert_int_equal(bufs->bufs[1].size_bytes, 2097152);
	assert_string_equal(bufs->bufs[1].exporter, "vfio_pci_core");
	assert_int_equal(bufs->bufs[1].holder_count, 1);
	assert_int_equal(bufs->bufs[1].hints.flags, TPH_HINT_ST | TPH_HINT_REQUIRED);
	tph_bufs_free(bufs);
}

/* Lines within a name do not make another file a dma-buf, nor does exp_name alone. */
FOLDER_TEST(not_a_dma_buf)
{
	struct tph_bufs *bufs;

	put(*state, HEAD "ino:\t9\nname:\tx\n" BUF, "5/fdinfo/3");
	put(*state, HEAD "ino:\t9\nexp_name:\tx\n", "5/fdinfo/4");
	bufs = read_bufs(*state, 0);
	tph_bufs_free(bufs);
}

/* A line of hints above the name is the kernel's, whatever the name holds. */
FOLDER_TEST(hints_above_name)
{
	struct tph_bufs *bufs = read_one(
		*state, HEAD "ino:\t1\n" BUF "tph:\tst=0x5a\nname:\tx\ntph:\tst=0x11 required=1\n");

	assert_int_equal(bufs->bufs[0].hints.flags, TPH_HINT_ST);
	assert_int_equal(bufs->bufs[0].hints.st, 0x5a);
	tph_bufs_free(bufs);
}

/* A kernel without hints on dma-bufs writes no such line, so it is within a name. */
FOLDER_TEST(kernel_without_hints)
{
	struct tph_bufs *bufs;

	put(*state, "ffffffff81000000 T pcie_enable_tph\n", "kallsyms");
	bufs = read_one(*state, HEAD "ino:\t1\n" BUF "name:\tx\ntph:\tst=0x11\n");
	assert_int_equal(bufs->bufs[0].hints_known, TPH_SUPPORT_UNKNOWN);
	assert_int_equal(bufs->bufs[0].hints.flags, 0);
	tph_bufs_free(bufs);
	put(*state, "ffffffff81000000 T dma_buf_get_tph\n", "kallsyms");
	bufs = read_one(*state, HEAD "ino:\t1\n" BUF "name:\tx\ntph:\tst=0x11\n");
	assert_int_equal(bufs->bufs[0].hints_known, TPH_SUPPORT_YES);
	tph_bufs_free(bufs);
}

/* Locks come before the buffer's own lines, and a process can take any number of them. */
FOLDER_TEST(many_locks)
{
	struct tph_bufs *bufs;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(HEAD "ino:\t9\n", out);
	for (int i = 0; i < 1000; i++)
		fprintf(out, "lock:\t%d: POSIX  ADVISORY  WRITE 5 00:0f:9 %d %d\n", i, 2 * i,
			2 * i);
	fprintf(out, "%05000d\n", 0);
	fputs(BUF "name:\tring\n", out);
	fclose(out);
	bufs = read_one(*state, text);
	assert_int_equal(bufs->bufs[0].inode, 9);
	assert_string_equal(bufs->bufs[0].name, "ring");
	tph_bufs_free(bufs);
	free(text);
}

/* All descriptors of a process are one holder; another size or exporter is another buffer. */
FOLDER_TEST(many_descriptors)
{
	struct tph_bufs *bufs;

	for (int fd = 3; fd < 103; fd++)
		put(*state, HEAD "ino:\t9\n" BUF, "5/fdinfo/%d", fd);
	put(*state, HEAD "ino:\t9\nsize:\t4096\ncount:\t1\nexp_name:\tvfio_pci_core\n",
	    "6/fdinfo/3");
	put(*state, HEAD "ino:\t9\nsize:\t2097152\ncount:\t1\nexp_name:\tudmabuf\n", "6/fdinfo/4");
	bufs = read_bufs(*state, 3);
	assert_int_equal(bufs->bufs[0].size_bytes, 4096);
	assert_string_equal(bufs->bufs[1].exporter, "udmabuf");
	assert_int_equal(bufs->bufs[1].holder_count, 1);
	assert_int_equal(bufs->bufs[2].holder_count, 1);
	assert_int_equal(bufs->bufs[2].holders[0].pid, 5);
	assert_int_equal(bufs->bufs[2].holders[0].fd, 3);
	assert_int_equal(bufs->bufs[2].holders[0].fd_count, 100);
	tph_bufs_free(bufs);
}

/* A process that has ended meanwhile: its folder is empty, its links dangle. */
FOLDER_TEST(dead_process)
{
	const char *proc = *state;
	struct tph_bufs *bufs;
	char path[PATH_BYTES];

	put(proc, "", "5/comm");
	put(proc, HEAD "ino:\t1\n" BUF, "6/fdinfo/3");
	snprintf(path, sizeof(path), "%s/6/fdinfo/4", proc);
	assert_int_equal(symlink("/nonexistent", path), 0);
	bufs = read_bufs(proc, 1);
	assert_string_equal(bufs->bufs[0].holders[0].command, "");
	tph_bufs_free(bufs);
	assert_int_equal(tph_bufs_read("/nonexistent", "/nonexistent", &bufs), -ENOENT);
}

/* Kernels before 5.14 show no inode: then each descriptor is a buffer. */
FOLDER_TEST(no_inode)
{
	struct tph_bufs *bufs;

	put(*state, HEAD BUF, "5/fdinfo/3");
	put(*state, HEAD BUF, "5/fdinfo/4");
	bufs = read_bufs(*state, 2);
	tph_bufs_free(bufs);
}

/* Without root the processes of other users are counted, not shown. */
FOLDER_TEST(denied)
{
	const char *proc = *state;
	struct tph_bufs *bufs;
	char path[PATH_BYTES];
	int root = !geteuid();

	put(proc, HEAD "ino:\t1\n" BUF, "5/fdinfo/3");
	put(proc, HEAD "ino:\t2\n" BUF, "6/fdinfo/3");
	snprintf(path, sizeof(path), "%s/5/fdinfo", proc);
	assert_int_equal(chmod(path, 0), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(tph_bufs_read(proc, "/nonexistent", &bufs), 0);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(bufs->denied, 1);
	assert_int_equal(bufs->count, 1);
	assert_int_equal(bufs->bufs[0].inode, 2);
	tph_bufs_free(bufs);
	chmod(path, 0755);
}

/* On the real /proc, while processes begin and end. */
TEST(processes_begin_and_end)
{
	pid_t forker = fork();

	assert_true(forker >= 0);
	if (!forker)
		for (;;) {
			pid_t child = fork();

			if (!child)
				_exit(0);
			if (child > 0)
				waitpid(child, NULL, 0);
		}
	for (int i = 0; i < 100; i++) {
		struct tph_bufs *bufs;

		assert_int_equal(tph_bufs_read(NULL, NULL, &bufs), 0);
		tph_bufs_free(bufs);
	}
	kill(forker, SIGKILL);
	waitpid(forker, NULL, 0);
}

#define LINE_9	 "00002097\t00080007\t0000000f\t00000002\tvfio_pci_core\t00000009\t"
#define ATTACHED "\tAttached Devices:\n"

static struct tph_bufs *read_importers(const char *proc, const char *bufinfo)
{
	char path[PATH_BYTES];
	struct tph_bufs *bufs;

	put(proc, bufinfo, "bufinfo");
	snprintf(path, sizeof(path), "%s/bufinfo", proc);
	assert_int_equal(tph_bufs_read(proc, path, &bufs), 0);
	assert_int_equal(bufs->importers_known, TPH_SUPPORT_YES);
	return bufs;
}

/* Importers of a buffer that a process holds, and a buffer that no process holds. */
FOLDER_TEST(importers)
{
	const char *proc = *state;
	const struct tph_buf *buf;
	struct tph_bufs *bufs;

	put(proc, HEAD "ino:\t9\nsize:\t2097\ncount:\t3\nexp_name:\tvfio_pci_core\ntph:\tst=0x5a\n",
	    "77/fdinfo/5");
	bufs = read_importers(
		proc,
		"\nDma-buf Objects:\nsize\tflags\tmode\n" LINE_9
		"<none>\n\tfence signalled\n" ATTACHED
		"\t0000:05:00.0\ttph: st=0x5a ph=2 mapped=2\n\t0000:06:00.0\ttph: own mapped=1\n"
		"\tplatform.7\nTotal 3 devices attached\n\n"
		"00004096\t00080007\t0000000f\t00000002\tsystem\t00000012\tcamera\n" ATTACHED
		"Total 0 devices attached\n\n\nTotal 2 objects, 6193 bytes\n");
	assert_int_equal(bufs->count, 2);
	buf = &bufs->bufs[0];
	assert_int_equal(buf->inode, 9);
	assert_int_equal(buf->holder_count, 1);
	assert_int_equal(buf->importer_count, 3);
	assert_string_equal(buf->importers[0].device, "0000:05:00.0");
	assert_int_equal(buf->importers[0].hints.flags, TPH_HINT_ST);
	assert_int_equal(buf->importers[0].hints.st, 0x5a);
	assert_int_equal(buf->importers[0].hints.ph, 2);
	assert_int_equal(buf->importers[0].mapped, 2);
	assert_true(buf->importers[1].own_hint);
	assert_int_equal(buf->importers[1].mapped, 1);
	assert_string_equal(buf->importers[2].device, "platform.7");
	assert_int_equal(buf->importers[2].hints.flags, 0);
	/* An importer that has mapped the buffer and states the tag has taken it. */
	assert_int_equal(buf->hints.flags, TPH_HINT_ST | TPH_HINT_TAKEN_ST);
	buf = &bufs->bufs[1];
	assert_int_equal(buf->inode, 12);
	assert_string_equal(buf->name, "camera");
	assert_int_equal(buf->holder_count, 0);
	assert_int_equal(buf->importer_count, 0);
	assert_int_equal(buf->hints_known, TPH_SUPPORT_UNKNOWN);
	tph_bufs_free(bufs);
}

/* A name with line breaks adds no importer and no buffer: it has 31 bytes at most. */
FOLDER_TEST(forged_importers)
{
	struct tph_bufs *bufs =
		read_importers(*state, LINE_9 "x\n" ATTACHED "\t0:1.0\n" ATTACHED
					      "\t0000:05:00.0\nTotal 1 devices attached\n");

	assert_int_equal(bufs->count, 1);
	assert_int_equal(bufs->bufs[0].importer_count, 1);
	assert_string_equal(bufs->bufs[0].importers[0].device, "0000:05:00.0");
	tph_bufs_free(bufs);
	bufs = read_importers(*state,
			      LINE_9 "x\n1\t2\t3\t4\tx\t5\ty\n" ATTACHED "\t0000:06:00.0\n");
	assert_int_equal(bufs->count, 1);
	assert_int_equal(bufs->bufs[0].importer_count, 1);
	tph_bufs_free(bufs);
}

/* The hints of a dma-buf that the caller holds. */
FOLDER_TEST(own_hints)
{
	const char *proc = *state;
	struct tph_hints hints;
	int fd;

	put(proc, HEAD "ino:\t9\n" BUF "tph:\tst_ext=0x1234 ph=2 required=1\n",
	    "thread-self/fdinfo/5");
	put(proc, HEAD "ino:\t9\n" BUF, "thread-self/fdinfo/6");
	put(proc, HEAD "ino:\t9\n", "thread-self/fdinfo/7");
	assert_int_equal(tph_buf_hints(proc, 5, &hints), 0);
	assert_int_equal(hints.flags, TPH_HINT_ST_EXT | TPH_HINT_REQUIRED);
	assert_int_equal(hints.st_ext, 0x1234);
	assert_int_equal(hints.ph, 2);
	assert_int_equal(tph_buf_hints(proc, 6, &hints), -ENODATA);
	assert_int_equal(tph_buf_hints(proc, 7, &hints), -EINVAL);
	assert_int_equal(tph_buf_hints(proc, 8, &hints), -EBADF);
	assert_int_equal(tph_buf_hints("/nonexistent", 5, &hints), -ENOENT);
	/* A kernel without hints writes no such line: it is within a name. */
	put(proc, "ffffffff81000000 T pci_enable_device\n", "kallsyms");
	assert_int_equal(tph_buf_hints(proc, 5, &hints), -ENODATA);
	fd = fileno(tmpfile());
	assert_int_equal(tph_buf_hints(NULL, fd, &hints), -EINVAL);
	assert_int_equal(tph_buf_hints(NULL, 1023, &hints), -EBADF);
}
