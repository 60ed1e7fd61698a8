/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A content as a page of the window. */
#include "content.h"
#include "page.h"

typedef void (*view_fn)(enum deed deed, gpointer data);

/* did: called when the person presses a button. */
GuiPage *view_new(const struct content *c, view_fn did, gpointer data);
