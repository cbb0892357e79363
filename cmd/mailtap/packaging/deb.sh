#!/bin/sh
# Makes mailtap_VERSION_ARCH.deb in a folder, see 'make deb'. It needs what a bare
# Debian 12 has: dpkg, gcc with its binutils, make and Go. The same commit and
# the same compilers give the same file.
#
# usage: deb.sh DESCRIBED FOLDER
# DESCRIBED is what 'git describe --tags --always --dirty' writes.
set -eu
umask 022
cd "$(dirname "$0")/../../.."
packaging=cmd/mailtap/packaging
folder=$2
stage=$folder/mailtap.stage
built=$folder/mailtap.program
go=${GO:-go}

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
architecture=$(dpkg --print-architecture)

# v1.2.3-4-gabc becomes 1.2.3+4.gabc, later than 1.2.3; a commit without a tag
# before it becomes 0~git20260131.abc, earlier than any release.
case $1 in
v[0-9]*) version=$(echo "${1#v}" | sed 's/-/+/; s/-/./g') ;;
*) version=0~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d).$(echo "$1" | tr -c 'A-Za-z0-9.+~\n' .) ;;
esac

rm -rf "$stage"
mkdir -p "$stage/DEBIAN"
# As dpkg-buildflags hardens Debian's own programs.
GOFLAGS="${GOFLAGS:-} -buildmode=pie" CGO_LDFLAGS="-O2 -g -Wl,-z,relro,-z,now" \
	make --no-print-directory install SYSTEMD=yes BIN="$built" DESTDIR="$stage" PREFIX=/usr VERSION="$1"
program=$stage/usr/bin/mailtap
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$program"
gzip -9n "$stage"/usr/share/man/man1/*.1
# The user is made by postinst.
rm -r "$stage/usr/lib/sysusers.d"
# Completion that packages bring is elsewhere than what an admin installs.
mkdir -p "$stage/usr/share/zsh/vendor-completions"
mv "$stage/usr/share/zsh/site-functions/_mailtap" "$stage/usr/share/zsh/vendor-completions/"
rmdir "$stage/usr/share/zsh/site-functions"
install -D -m 0644 $packaging/default "$stage/etc/default/mailtap"

doc=$stage/usr/share/doc/mailtap
install -D -m 0644 alerts/policy/example.toml "$doc/examples/policy.toml"
install -m 0644 $packaging/debian/copyright README.md "$doc/"
gzip -9n "$doc/README.md"
gzip -9nc >"$doc/changelog.gz" <<EOF
mailtap ($version) unstable; urgency=medium

  * Built from $1; see https://github.com/mailtap/mailtap

 -- mailtap maintainers <maintainers@mailtap.invalid>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
EOF

# The licences of what is linked in.
"$go" version -m "$program" | awk '$1 == "dep" { print $2 }' | while read -r module; do
	source=$("$go" list -m -f '{{.Dir}}' "$module")
	printf '==== %s\n\n' "$("$go" list -m "$module")"
	find "$source" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | LC_ALL=C sort |
		while read -r file; do cat "$file"; echo; done
done | gzip -9nc >"$doc/modules.gz"

# depends says which libraries the program needs: the versions that first had
# all the symbols it uses.
depends() {
	glibc=$(objdump -T "$program" | grep -o 'GLIBC_2[0-9.]*' | sort -V | tail -n 1)
	pcap=$(objdump -T "$program" | awk '/\*UND\*/ && $NF ~ /^(pcap|bpf)_/ { print $NF }' |
		while read -r symbol; do
			grep -h "^ $symbol@Base " "/var/lib/dpkg/info/libpcap0.8:$architecture.symbols" || true
		done | awk '{ print $2 }' | sort -V | tail -n 1)
	echo "libc6 (>= ${glibc#GLIBC_}), libpcap0.8${pcap:+ (>= $pcap)}"
}

sed -e "s/@version@/$version/" -e "s/@architecture@/$architecture/" -e "s/@depends@/$(depends)/" \
	-e "s/@size@/$(du -k -s --apparent-size --exclude=DEBIAN "$stage" | cut -f1)/" \
	$packaging/debian/control.in >"$stage/DEBIAN/control"
echo /etc/default/mailtap >"$stage/DEBIAN/conffiles"
(cd "$stage" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
install -m 0755 $packaging/debian/postinst $packaging/debian/prerm $packaging/debian/postrm "$stage/DEBIAN/"

dpkg-deb --root-owner-group -Zxz --build "$stage" "$folder"
rm -r "$stage" "$built"
