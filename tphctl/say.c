// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "tphctl.h"

int fail(int status, const char *format, ...)
{
	va_list args;

	/* What was printed so far comes first, also where both go to one file. */
	fflush(stdout);
	fputs("tphctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int no_memory(void)
{
	return fail(EXIT_FAILED, "out of memory; close something and try again");
}

int finish_output(int status)
{
	if (fflush(stdout) || ferror(stdout))
		return fail(EXIT_FAILED, "cannot write the output: is the disk full?");
	return status;
}

int show_usage(const char *text)
{
	fputs(text, stdout);
	return finish_output(EXIT_DONE);
}
