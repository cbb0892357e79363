#!/bin/sh
# The checkpassword interface: name and password come on file descriptor 3,
# each ended by a NUL; the user file is CHECKPASSWORD_USERS.
answer=$(tr '\0' '\n' <&3)
name=$(echo "$answer" | sed -n 1p) password=$(echo "$answer" | sed -n 2p)
grep -qxF "$name:$password" "$CHECKPASSWORD_USERS" && exec "$@"
