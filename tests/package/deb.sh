# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The Debian package of this tree, for whatever sources this after tap.sh.
#
#   deb_build SOURCE DIR       exports the tree SOURCE and builds it; the packages are DIR/sallyport.deb
#                              and DIR/sallyport-desktop.deb
#   deb_fresh SOURCE DIR       they are there, no older than any file of the tree
#   deb_version DEB VERSION TO the same package under another version

# All files of the tree that git knows or would; without a repository all but what a build made.
deb_files()
{
	cd "$1" || return
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . \( -path './build*' -o -path './obj-*' -o -path './debian/.debhelper' -o \
			-path './debian/sallyport*' -type d \) -prune -o -type f -print0
	fi
}

deb_fresh()
{
	local file
	[ -s "$2/sallyport.deb" ] && [ -s "$2/sallyport-desktop.deb" ] || return 1
	while read -r -d '' file; do
		[ ! "$1/$file" -nt "$2/sallyport.deb" ] || return 1
	done < <(deb_files "$1")
}

# The suites of the tree run elsewhere.
deb_build()
{
	local tree=$2/tree name
	rm -rf "$2"
	mkdir -p "$tree"
	deb_files "$1" | tar --create --directory="$1" --null --ignore-failed-read --files-from=- |
		tar --extract --no-same-owner --directory="$tree" || return
	(cd "$tree" && DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" \
		dpkg-buildpackage --build=full --no-sign) >"$2/build.log" 2>&1 ||
		{ tail -n 40 "$2/build.log"; return 1; }
	rm -rf "$tree"
	for name in sallyport sallyport-desktop; do
		mv "$2/$name"_*_"$(dpkg --print-architecture)".deb "$2/$name.deb" || return
	done
}

deb_version()
{
	local tree=$3.tree
	rm -rf "$tree"
	dpkg-deb --raw-extract "$1" "$tree" &&
		sed -i "s/^Version: .*/Version: $2/; s/(= [^)]*)/(= $2)/" "$tree/DEBIAN/control" &&
		dpkg-deb --root-owner-group --build "$tree" "$3" || return
	rm -rf "$tree"
}
