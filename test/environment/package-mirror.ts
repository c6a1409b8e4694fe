/** Where the mirror is on a host: the index, and the package that it names. */
export const MIRROR = '/srv/apt';

/**
 * Makes a Debian host its own mirror, and the only one it has, with one package: nftables as it is installed. Its
 * installation can be held up: while /run/hold is there, it says /run/held and waits.
 */
export const MIRROR_ON_HOST = `set -e
rm -rf ${MIRROR}; mkdir -p ${MIRROR}/package/DEBIAN; cd ${MIRROR}
dpkg-query -L nftables | while read -r file; do if [ -f "$file" ]; then cp --parents "$file" package; fi; done
dpkg-query -s nftables | grep -E '^(Package|Version|Architecture|Maintainer|Depends|Description):' >package/DEBIAN/control
cat >package/DEBIAN/postinst <<'END'
#!/bin/sh
while [ -e /run/hold ]; do touch /run/held; sleep 0.1; done
END
chmod 755 package/DEBIAN/postinst
dpkg-deb --build package nftables.deb >/dev/null
cp package/DEBIAN/control Packages
cat >>Packages <<END
Filename: ./nftables.deb
Size: $(stat -c %s nftables.deb)
SHA256: $(sha256sum nftables.deb | cut -d' ' -f1)
END
rm -rf package /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:${MIRROR} ./' >/etc/apt/sources.list
`;
