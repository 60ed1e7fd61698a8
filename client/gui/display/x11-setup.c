/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x11-setup.h"

#include <string.h>

/* Byte order, unused, major, minor, size of name, size of data, unused; then both, padded to four.
 */
#define HEADER 12
#define AT_NAME_SIZE 6
#define AT_DATA_SIZE 8

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static size_t get16(const uint8_t *at, uint8_t order)
{
	return order == 'B' ? (size_t)at[0] << 8 | at[1] : (size_t)at[1] << 8 | at[0];
}

static void put16(uint8_t *at, uint8_t order, size_t value)
{
	at[order == 'B' ? 0 : 1] = (uint8_t)(value >> 8);
	at[order == 'B' ? 1 : 0] = (uint8_t)value;
}

enum x11_setup x11_setup_authorize(const uint8_t *in, size_t size, const struct x11_auth *auth,
				   uint8_t out[X11_MADE_MAX], size_t *ret_used, size_t *ret_made)
{
	size_t whole;

	*ret_used = *ret_made = 0;
	if (size && in[0] != 'B' && in[0] != 'l')
		return X11_SETUP_BAD;
	if (size < HEADER)
		return X11_SETUP_MORE;
	whole = HEADER + padded(get16(in + AT_NAME_SIZE, in[0])) +
		padded(get16(in + AT_DATA_SIZE, in[0]));
	if (whole > X11_SETUP_MAX)
		return X11_SETUP_BAD;
	if (size < whole)
		return X11_SETUP_MORE;
	memset(out, 0, X11_MADE_MAX);
	memcpy(out, in, HEADER);
	put16(out + AT_NAME_SIZE, in[0], auth->name_size);
	put16(out + AT_DATA_SIZE, in[0], auth->data_size);
	memcpy(out + HEADER, auth->name, auth->name_size);
	memcpy(out + HEADER + padded(auth->name_size), auth->data, auth->data_size);
	*ret_used = whole;
	*ret_made = HEADER + padded(auth->name_size) + padded(auth->data_size);
	return X11_SETUP_DONE;
}
