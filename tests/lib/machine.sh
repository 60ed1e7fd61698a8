# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A machine with a kernel of its own, emulated by qemu, for the private host that sources this after
# lab.sh. All of it is in memory: an initramfs of this machine's programs, the build under test, the
# private host's users and the kernel's modules. In it a test runs as it would on a private host, with
# lab.sh and net.sh, but on that kernel and as its only user.
#
#   machine_lacks           prints why there can be no machine; 1 when there can
#   machine_make            makes it, from the kernel package in $SALLYPORT_KERNEL
#   machine_run TEST...     boots, runs these tests of tests/ one after the other, and powers off;
#                           prints their reports as lines for reports() of tap.sh. MACHINE_SECONDS
#                           (540) is the deadline; the rest of this host yields to it

MACHINE=$LAB/machine
MACHINE_TREE=$MACHINE/tree

# What tests, lab.sh and net.sh call.
MACHINE_PROGRAMS=(
	awk basename bash cat chmod chown cp cut date dirname env getent grep head id install ip kill kmod
	ln mkdir mount mv nft pgrep printf readlink rm sed seq setpriv sh sleep sort stat stty tail
	tee test timeout touch tr true uname uniq wc
	/usr/bin/python3
)
# And what those in Python import, beside what Python itself does.
MACHINE_IMPORTS=(
	array ctypes encodings.ascii encodings.idna encodings.latin_1 errno fcntl json os pwd random re
	select signal socket struct subprocess sys tempfile threading time
)
# The folders of the kernel's modules that can matter to a network of namespaces.
MACHINE_MODULES=(net lib crypto arch/x86/crypto drivers/net/veth.ko drivers/net/dummy.ko)

machine_package()
{
	find "${SALLYPORT_KERNEL:-/nonexistent}" -name 'linux-image-*.deb' 2>/dev/null |
		sort -V | tail -n 1
}

machine_lacks()
{
	local program
	[ "$(uname -m)" = x86_64 ] || { echo "only on x86_64"; return 0; }
	for program in qemu-system-x86_64 cpio depmod dpkg-deb; do
		command -v "$program" >/dev/null || { echo "no $program here"; return 0; }
	done
	[ -z "$(machine_package)" ] || return 1
	echo "no kernel package: SALLYPORT_KERNEL"
}

# machine_copy FILE...: with what the dynamic linker needs for it
machine_copy()
{
	local file
	for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ :)]*' | sort -u); do
		[ -e "$MACHINE_TREE$file" ] || cp --parents --dereference "$file" "$MACHINE_TREE"
	done
}

machine_programs()
{
	local name path paths=()
	for name in "${MACHINE_PROGRAMS[@]}"; do
		path=$(type -P "$name") || bail "a machine needs $name"
		paths+=("$path")
	done
	machine_copy "${paths[@]}" "$LAB_BUILD"/tests/lib/{flood,notify-wait,wiretap}
	for name in modprobe lsmod; do
		ln -sf /usr/bin/kmod "$MACHINE_TREE/usr/sbin/$name"
	done
}

machine_python()
{
	local imports
	imports=$(IFS=,; echo "${MACHINE_IMPORTS[*]}")
	/usr/bin/python3 -c "import sys, $imports
for module in list(sys.modules.values()):
    for name in ('__file__', '__cached__'):
        path = getattr(module, name, None)
        if path and path.startswith('/usr/lib/python3'):
            print(path)" | sort -u >"$MACHINE/python"
	(cd / && sed 's,^/,,' "$MACHINE/python" | cpio --quiet -pdm "$MACHINE_TREE" 2>/dev/null)
	# shellcheck disable=SC2046 # names without blanks
	machine_copy $(grep '\.so$' "$MACHINE/python")
}

machine_kernel()
{
	local version from
	dpkg-deb -x "$(machine_package)" "$MACHINE/kernel" || bail "unpack the kernel"
	version=$(ls "$MACHINE/kernel/lib/modules")
	from=$MACHINE/kernel/lib/modules/$version
	mkdir -p "$MACHINE_TREE/usr/lib/modules/$version"
	cp "$from"/modules.* "$MACHINE_TREE/usr/lib/modules/$version"
	(cd "$from" && cp --parents -r "${MACHINE_MODULES[@]/#/kernel/}" \
		"$MACHINE_TREE/usr/lib/modules/$version")
	depmod -b "$MACHINE_TREE" "$version" || bail "depmod"
	MACHINE_IMAGE=$MACHINE/kernel/boot/vmlinuz-$version
}

# The first process. What its console shows is the kernel's; reports go to the second line.
machine_init()
{
	cat >"$MACHINE_TREE/init" <<-EOT
		#!/bin/bash
		export PATH=/usr/sbin:/usr/bin LC_ALL=C HOME=/ LAB=$LAB LAB_BUILD=$LAB/build
		export TMPDIR=$LAB/tmp LAB_CGROUP= LAB_PATIENCE=10 PYTHONDONTWRITEBYTECODE=1
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		ln -s /proc/self/fd /dev/fd
		mount -t tmpfs -o mode=755 run /run
		mkdir -p $LAB/{log,pid,tmp} /run/netns
		ln -s /lab/src /lab/build $LAB
		chmod 1777 $LAB/tmp
		chown _sallyport-engine $LAB/tmp
		install -d -o _sallyport-engine -g _sallyport-engine -m 755 /run/sallyport
		ip link set lo up
		stty -F /dev/ttyS1 raw
		read -r up _ </proc/uptime
		for test in \$(cat /lab/tests); do
			echo "test \$test"
			echo "# \$up s after the kernel's start"
			$LAB/src/tests/\$test
			echo "status \$?"
		done </dev/null >/dev/ttyS1 2>&1
		stty -F /dev/ttyS1 drain
		echo o >/proc/sysrq-trigger
		sleep 60
	EOT
	chmod 755 "$MACHINE_TREE/init"
}

machine_make()
{
	local dir
	mkdir -p "$MACHINE_TREE"/{proc,sys,dev,run,tmp,root,lab/build/tests/lib,etc,var/lib} \
		"$MACHINE_TREE"/usr/{bin,sbin,lib,lib64}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$MACHINE_TREE/$dir"
	done
	machine_programs
	machine_python
	machine_kernel
	mount -t tmpfs -o mode=755 logs "$LAB_BUILD/meson-logs"
	DESTDIR=$MACHINE_TREE meson install -C "$LAB_BUILD" --no-rebuild --quiet \
		>"$LAB/log/install.log" 2>&1 || bail "meson install"
	umount "$LAB_BUILD/meson-logs"
	machine_copy "$LIBEXEC/sallyport-engine"
	cp "$LAB_BUILD"/tests/lib/{flood,notify-wait,wiretap} "$MACHINE_TREE/lab/build/tests/lib"
	(cd "$LAB" && cp -r --parents src/tests "$MACHINE_TREE/lab")
	cp -a /etc/{passwd,group,nsswitch.conf,hosts} "$MACHINE_TREE/etc"
	machine_init
}

# As reports() wants them. What has no end is no report.
machine_lines()
{
	tr -d '\r' | awk '
		/^ok .* # SKIP / { sub(/^ok [0-9]+ - /, "skip "); sub(/ # SKIP /, " # ") }
		/^(not )?ok [0-9]+ - / { sub(/ok [0-9]+ - /, "ok ") }
		/^test / { name = $2; ended = 0; n++; next }
		/^1\.\.[0-9]+$/ { plan = 1; next }
		/^status / {
			print (plan ? "ok " : "not ok ") name " ran to its end, " $0
			ended += plan
			plan = 0
			next
		}
		/^(ok|not ok|skip) |^#/ { print; next }
		{ print "# " $0 }
		END { if (!n || !ended) print "not ok the machine ran to its end" }'
}

machine_run()
{
	printf '%s\n' "$@" >"$MACHINE_TREE/lab/tests"
	(cd "$MACHINE_TREE" && find . -print0 | cpio --null --quiet -o -H newc) >"$MACHINE/initramfs"
	nice -n -5 timeout -k 5 "${MACHINE_SECONDS:-540}" qemu-system-x86_64 -accel kvm -accel tcg -cpu max -smp 2 \
		-m 1024 -nodefaults -nographic -no-reboot -kernel "$MACHINE_IMAGE" \
		-initrd "$MACHINE/initramfs" -serial "file:$LAB/log/console.log" \
		-serial "file:$MACHINE/report" \
		-append "console=ttyS0 rdinit=/init quiet panic=-1 mitigations=off" \
		</dev/null >"$LAB/log/qemu.log" 2>&1
	machine_lines <"$MACHINE/report"
}
