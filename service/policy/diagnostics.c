/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config-private.h"

#include <stdarg.h>
#include <stdio.h>

void diagnostics_clear(struct diagnostics *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].file);
		free(d->items[i].text);
	}
	free(d->items);
	*d = (struct diagnostics){0};
}

void diagnostic_format(const struct diagnostic *d, char *buf, size_t size)
{
	const char *kind = d->severity == SEVERITY_WARNING ? "warning: " : "";

	if (d->line)
		(void)snprintf(buf, size, "%s:%u: %s%s", d->file, d->line, kind, d->text);
	else
		(void)snprintf(buf, size, "%s: %s%s", d->file, kind, d->text);
}

static bool append(struct diagnostics *d, const struct diagnostic *item)
{
	struct diagnostic *p;

	/* Powers of two: the array has room until the next one. */
	if ((d->n & (d->n - 1)) == 0) {
		p = reallocarray(d->items, d->n ? d->n * 2 : 1, sizeof(*p));
		if (!p)
			return false;
		d->items = p;
	}
	d->items[d->n++] = *item;
	return true;
}

static void report(struct parser *p, enum severity severity, struct origin o, const char *fmt,
		   va_list ap)
{
	const char *file = o.file < p->n_files ? p->files[o.file] : "policy";
	struct diagnostic d = {.severity = severity, .line = o.line};
	char text[400];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (severity == SEVERITY_ERROR)
		p->diags->n_errors++;
	if (p->diags->n >= DIAGNOSTICS_MAX) {
		p->diags->n_dropped++;
		return;
	}
	/* What stands in a file may be anything; what is printed about it may not. */
	clean_text(text);
	d.file = strdup(file);
	d.text = strdup(text);
	if (d.file)
		clean_text(d.file);
	if (!d.file || !d.text || !append(p->diags, &d)) {
		free(d.file);
		free(d.text);
		p->out_of_memory = true;
	}
}

void config_error(struct parser *p, struct origin o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(p, SEVERITY_ERROR, o, fmt, ap);
	va_end(ap);
}

void config_warning(struct parser *p, struct origin o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(p, SEVERITY_WARNING, o, fmt, ap);
	va_end(ap);
}
