# SPDX-License-Identifier: GPL-2.0-only
#
#   make                 module, library and tool
#   make KDIR=...        the module for another kernel than the running one
#   make demo            boot a Debian kernel in a guest, on an emulated host;
#                        LAB=amd|amd-nrip|intel says which, HOST=local: on this one
#   make check           every test, on emulated hosts; TEST=name runs one,
#                        LAB=amd|amd-nrip|intel on that host alone
#   make check-debug     those that need a host, on one whose kernel looks for bugs;
#                        KERNEL=6.1-debug|6.12-debug, TEST and LAB as above
#   make bench           what exits and a boot cost, in instructions
#   make fuzz            libFuzzer on the decoder and the loaders; RUNS=N of each
#   make lint            checkpatch, sparse, and what the core may link
#   make abi-baseline    promise libhvctl's binary interface anew, for a release
#   make install         DESTDIR, PREFIX as usual
#   make deb             Debian packages, into build/deb

KDIR ?= /lib/modules/$(shell uname -r)/build
O ?= build/kmod
PREFIX ?= /usr/local
DESTDIR ?=
export PREFIX DESTDIR

# O means something else to kbuild: what submakes need, they are told.
MAKEOVERRIDES =

top := $(CURDIR)

all: kmod userlib ctl

# Objects go to $(O), so that modules for several kernels stand side by side.
# kbuild of 6.1 cannot build a module out of its source folder: link the sources there.
kmod:
	@test -e $(KDIR)/Makefile || { echo "no kernel headers in $(KDIR): install linux-headers-$$(uname -r), or name a tree with KDIR=" >&2; exit 1; }
	@mkdir -p $(O) build
	@cp -asfT $(top)/kmod $(O)
	@ln -sfT $(top)/uapi $(dir $(abspath $(O)))uapi
	$(MAKE) -C $(KDIR) M=$(abspath $(O)) $(if $(W),W=$(W)) $(if $(C),C=$(C)) modules

userlib:
	$(MAKE) -C userlib O=$(top)/build/userlib

ctl: userlib
	$(MAKE) -C ctl O=$(top)/build/ctl LIBDIR=$(top)/build/userlib

demo:
	@tests/lab/demo $(or $(HOST),$(LAB))

check:
	@tests/lab/check $(if $(LAB),-H $(LAB)) $(TEST)

check-debug:
	@tests/lab/check -H $(or $(LAB),amd) -k $(or $(KERNEL),6.1-debug) $(TEST)

bench:
	@tests/bench/run $(HOST) $(LAB)

fuzz:
	@tests/unit/fuzz/run $(RUNS)

lint:
	@tests/lint/run

abi-baseline:
	@tests/abi/check --baseline

install: all
	$(MAKE) -C $(KDIR) M=$(abspath $(O)) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(MAKE) -C userlib O=$(top)/build/userlib install
	$(MAKE) -C ctl O=$(top)/build/ctl LIBDIR=$(top)/build/userlib install
	install -D -m 644 uapi/hv.yaml $(DESTDIR)$(PREFIX)/share/hv/hv.yaml

# Debian's tools want debian/ at the top of the source.
deb:
	rm -rf build/deb
	mkdir -p build/deb/hv
	cp -a kmod uapi userlib ctl Kconfig LICENSE Makefile README.md build/deb/hv
	mv build/deb/hv/ctl/debian build/deb/hv
	cd build/deb/hv && dpkg-buildpackage -us -uc -b

clean:
	rm -rf build

.PHONY: all kmod userlib ctl demo check check-debug bench fuzz lint abi-baseline install deb clean
