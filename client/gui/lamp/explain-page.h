/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The page that explains one group of refusals. */
#include "leaks.h"
#include "page.h"
#include "service.h"

/* Where the policy keeps destinations, the service is asked what its rules say, which comes a
 * moment later. A floating reference. */
GuiPage *explain_page_new(GuiService *service, const struct leak *leak);
