/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include "fetch.h"
#include "resolve.h"

/* What is left of ten seconds for whoever asked: starting this process, closing the door. */
#define CHECK_MSEC 8500

bool check_url(const char *text, struct http_url *ret)
{
	return http_url_parse(text, strlen(text), ret) && !ret->https && !ret->port &&
	       http_host_kind(ret) == HOST_NAME;
}

void check_network(const struct check_request *request, struct judge *ret, usec_t *ret_date_at)
{
	usec_t began = now_boottime(), took;
	struct http_url url;
	uint32_t address;
	enum outcome o;

	*ret_date_at = 0;
	(void)check_url(request->url, &url);
	judge_begin(ret, &(struct expectation){
				 .response = request->response,
				 .earliest = request->earliest,
				 .latest = request->latest,
				 .url = &url,
			 });
	o = resolve_host(url.host, request->servers, request->n_servers, &address);
	if (o != OUTCOME_N) {
		judge_end(ret, o);
		return;
	}
	took = (now_boottime() - began) / USEC_PER_MSEC;
	fetch(request->url, &url, address, took < CHECK_MSEC - 1 ? (long)(CHECK_MSEC - took) : 1,
	      ret, ret_date_at);
	ret->expected.url = NULL; /* it ends here */
}
