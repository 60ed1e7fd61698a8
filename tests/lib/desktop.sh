# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A desktop with a person in front of it, for the private host that sources this after lab.sh, or,
# after boot_up of boot.sh, for the machine that it has booted: an X server, a window manager and a
# session bus of that user, in a session of theirs, and somebody who reads the windows as a screen
# reader does and answers with keyboard and mouse.
#
#   desktop_need                     ends the test, as skipped, where no desktop is to be had
#   desktop_start USER [LANGUAGE]    ready when the function returns. DESKTOP_SET is an array of
#                                    further variables of its programs: NAME=VALUE
#   desktop_text PERCENT             the size of text, for programs that are started afterwards
#   desktop_run NAME COMMAND...      a program in it, log in $LAB/log/NAME.log
#   desktop_alive NAME, desktop_signal NAME SIGNAL, desktop_stop NAME [SIGNAL]
#   desktop_as NAME COMMAND...       the same, but here and now
#   desktop_in COMMAND...            as root where the desktop is
#   desktop_end                      its session ends, with all that runs in it
#
#   person VERB ARGUMENT...          see person.py; what it prints, and its status
#   person_shot FILE                 the window that is in front, as a small PNG
#
# $DESKTOP_SESSION is the session's id, $DESKTOP_BUS the address of its bus.

DESKTOP=/run/desktop
DESKTOP_USER=
DESKTOP_UID=
DESKTOP_SESSION=
DESKTOP_DISPLAY=:7
DESKTOP_BUS=unix:path=$DESKTOP/bus
DESKTOP_SET=()
DESKTOP_ENV=()
export DESKTOP DESKTOP_BUS

desktop_need()
{
	local program
	for program in Xvfb openbox xdotool xauth /usr/libexec/at-spi-bus-launcher; do
		command -v "$program" >/dev/null && continue
		skip "the desktop" "$program is not here"
		exit 0
	done
}

desktop_booted()
{
	[ -n "${BOOT_LEADER:-}" ]
}

desktop_in()
{
	if desktop_booted; then
		in_boot "$@"
	else
		"$@"
	fi
}

# What it writes is the user's, in their session, under a pid that is known as it is there.
desktop_as()
{
	local name=$1
	shift
	# shellcheck disable=SC2016,SC2046 # expanded by the inner shell; options, one a word
	desktop_in bash -c 'cd /; echo $$ >"$1"; [ -z "$2" ] || echo $$ >"$2"; shift 2; exec "$@"' - \
		"$DESKTOP/pid/$name" "$(desktop_cgroup)" setpriv $(lab_ids "$DESKTOP_USER") \
		--inh-caps=-all --ambient-caps=-all env --ignore-environment "${DESKTOP_ENV[@]}" "$@"
}

desktop_cgroup()
{
	local root=/sys/fs/cgroup
	[ -n "$DESKTOP_SESSION" ] || return 0
	echo "$root/user.slice/user-$DESKTOP_UID.slice/session-$DESKTOP_SESSION.scope/cgroup.procs"
}

desktop_run()
{
	local name=$1
	desktop_in rm -f "$DESKTOP/pid/$name"
	start "$name" desktop_as "$@"
	wait_for 10 desktop_in test -s "$DESKTOP/pid/$name" || bail "$name does not start"
}

desktop_pid()
{
	desktop_in cat "$DESKTOP/pid/$1"
}

desktop_alive()
{
	alive "$1"
}

desktop_signal()
{
	desktop_in kill "-$2" "$(desktop_pid "$1")"
}

desktop_stop()
{
	desktop_signal "$1" "${2:-TERM}" 2>/dev/null || true
	wait_for 10 gone "$1" || bail "$1 does not end"
	rm -f "$LAB/pid/$1"
}

# --- the session

# What one program of the machine puts into /tmp is nobody else's, here as there.
desktop_tmp()
{
	local debs=${SALLYPORT_DEBS:-/nonexistent}
	if [ -d "$debs" ]; then
		mkdir -p "$LAB/debs"
		mount --bind "$debs" "$LAB/debs"
		export SALLYPORT_DEBS=$LAB/debs
	fi
	mount -t tmpfs -o mode=1777 tmp /tmp
	mkdir -m 1777 /tmp/.X11-unix
}

desktop_session_booted()
{
	local seat="XDG_SEAT=seat0 XDG_SESSION_TYPE=x11 XDG_SESSION_CLASS=user"
	# shellcheck disable=SC2016 # systemd's $$ is the shell's $
	in_boot systemd-run --quiet --unit=desktop --property=User="$DESKTOP_USER" \
		--property=PAMName=login --property=Environment="$seat" \
		sh -c 'echo $$XDG_SESSION_ID >/run/desktop/session; exec sleep infinity'
	wait_for 20 in_boot test -s "$DESKTOP/session" || bail "no session for $DESKTOP_USER"
	DESKTOP_SESSION=$(in_boot cat "$DESKTOP/session")
}

desktop_session()
{
	if desktop_booted; then
		desktop_session_booted
		return
	fi
	install -d -o "$DESKTOP_USER" -m 700 "/run/user/$DESKTOP_UID"
	if have_sessions; then
		DESKTOP_SESSION=desktop
		fake_session "$DESKTOP_UID" "$DESKTOP_USER" "$DESKTOP_SESSION"
	fi
}

desktop_end()
{
	local name
	if desktop_booted; then
		in_boot loginctl terminate-session "$DESKTOP_SESSION"
		return 0
	fi
	end_session "$DESKTOP_SESSION"
	for name in "$DESKTOP"/pid/*; do
		kill "$(cat "$name")" 2>/dev/null
	done
	return 0
}

# --- what a desktop is made of

# Nothing is activated on its bus but what screen readers need.
desktop_bus_config()
{
	cat <<-EOF
		<busconfig>
		  <type>session</type>
		  <listen>$DESKTOP_BUS</listen>
		  <servicedir>$DESKTOP/services</servicedir>
		  <policy context="default">
		    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
		  </policy>
		</busconfig>
	EOF
}

# Texts in LANGUAGE need no locale of it. No portal, settings daemon or GPU, and nothing moves.
desktop_environment()
{
	DESKTOP_ENV=(
		PATH=/usr/local/bin:/usr/bin:/bin "HOME=$DESKTOP/home" "USER=$DESKTOP_USER"
		"LOGNAME=$DESKTOP_USER" LANG=C.UTF-8 "LANGUAGE=$1" "XDG_RUNTIME_DIR=/run/user/$DESKTOP_UID"
		"XDG_SESSION_ID=$DESKTOP_SESSION" XDG_SESSION_TYPE=x11 "DISPLAY=$DESKTOP_DISPLAY"
		"XAUTHORITY=$DESKTOP/home/.Xauthority" "DBUS_SESSION_BUS_ADDRESS=$DESKTOP_BUS"
		GSETTINGS_BACKEND=memory GIO_USE_VFS=local GTK_USE_PORTAL=0 ADW_DISABLE_PORTAL=1
		GSK_RENDERER=cairo LIBGL_ALWAYS_SOFTWARE=1 MESA_SHADER_CACHE_DISABLE=1 "DESKTOP=$DESKTOP"
		"LAB_PATIENCE=${LAB_PATIENCE:-1}" PYTHONDONTWRITEBYTECODE=1 "${DESKTOP_SET[@]}"
	)
}

desktop_files()
{
	desktop_in mkdir -p "$DESKTOP"/{pid,services,home}
	desktop_in cp /usr/share/dbus-1/services/org.a11y.Bus.service "$DESKTOP/services/"
	desktop_bus_config | desktop_in tee "$DESKTOP/bus.conf" >/dev/null
	desktop_in chown -R "$DESKTOP_USER:" "$DESKTOP"
	desktop_in chmod 700 "$DESKTOP/home"
}

desktop_still()
{
	desktop_as settings mkdir -p "$DESKTOP/home/.config/gtk-4.0"
	printf '%s\n' '[Settings]' gtk-enable-animations=0 |
		desktop_as settings tee "$DESKTOP/home/.config/gtk-4.0/settings.ini" >/dev/null
}

desktop_text()
{
	person text "$1"
}

desktop_display()
{
	desktop_as cookie touch "$DESKTOP/home/.Xauthority"
	desktop_as cookie xauth -q add "$DESKTOP_DISPLAY" . "$(mcookie)"
	desktop_run xvfb Xvfb "$DESKTOP_DISPLAY" -screen 0 1280x1024x24 -nolisten tcp -noreset \
		-auth "$DESKTOP/home/.Xauthority" -fbdir "$DESKTOP/home"
	wait_for 20 desktop_in test -S "/tmp/.X11-unix/X${DESKTOP_DISPLAY#:}" || bail "no X server"
	desktop_run openbox openbox
	wait_for 20 desktop_as look xdotool get_num_desktops || bail "no window manager"
}

desktop_person()
{
	coproc PERSON { desktop_as person /usr/bin/python3 "$LIB/person.py" 2>>"$LAB/log/person.log"; }
	# Those of a coprocess itself are not there in a subshell.
	exec {person_to}>&"${PERSON[1]}" {person_from}<&"${PERSON[0]}"
	person here || bail "nobody is in front of it"
}

desktop_start()
{
	DESKTOP_USER=$1
	DESKTOP_UID=$(id -u "$1")
	desktop_booted || desktop_tmp
	desktop_files
	desktop_session
	desktop_environment "${2:-en}"
	desktop_still
	desktop_run session-bus dbus-daemon --config-file="$DESKTOP/bus.conf" --nofork --nopidfile
	wait_for 10 desktop_in test -S "$DESKTOP/bus" || bail "no session bus"
	desktop_display
	desktop_person
}

# --- the person

# Arguments go on one line, the answer ends with a line of its own.
person()
{
	local line
	(trap '' PIPE; printf '%s\x1f' "$@" >&"$person_to" && echo >&"$person_to") 2>/dev/null
	while IFS= read -r -t $((150 * ${LAB_PATIENCE:-1})) -u "$person_from" line; do
		[[ $line != $'\x04'* ]] || return "${line#?}"
		printf '%s\n' "$line"
	done
	echo "nobody answers"
	return 99
}

person_shot()
{
	person shot "$DESKTOP/home/shot.png" || return 1
	desktop_in cat "$DESKTOP/home/shot.png" >"$1"
}
