// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tphctl/text.h"
#include "tphctl/tphctl.h"

int fail(int status, const char *format, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	/* Output that was printed before comes first, also if both go to one file. */
	fflush(stdout);
	if (len < 0) {
		fputs("tphctl: out of memory\n", stderr);
		return status;
	}
	/* One line, whatever is in the arguments, paths and names that it quotes. */
	text_clean(text);
	fprintf(stderr, "tphctl: %s\n", text);
	free(text);
	return status;
}

int no_memory(void)
{
	return fail(EXIT_FAILED, "out of memory; end another program and try again");
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
