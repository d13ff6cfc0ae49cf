// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library from C++: a guest made, run and asked about, with the header as
 * it is and no casts but where C++ wants them.
 */
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <hvctl.h>

namespace {

int number;
bool failed;

void check(bool good, const std::string &what)
{
	std::printf("%sok %d %s\n", good ? "" : "not ", ++number, what.c_str());
	failed |= !good;
}

struct Close {
	void operator()(hvctl *h) const { hvctl_close(h); }
	void operator()(hvctl_spec *spec) const { hvctl_spec_free(spec); }
	void operator()(hvctl_guest *guest) const { hvctl_guest_free(guest); }
	void operator()(char *text) const { std::free(text); }
};

template <class T> using owned = std::unique_ptr<T, Close>;

class Hv {
public:
	Hv()
	{
		hvctl *h;
		int err = hvctl_open(&h);

		handle.reset(h);
		if (err)
			throw std::runtime_error(hvctl_error(h));
	}

	hvctl *get() const { return handle.get(); }

	void must(int err) const
	{
		if (err < 0)
			throw std::runtime_error(hvctl_error(get()));
	}

private:
	owned<hvctl> handle;
};

std::string beside(const char *self, const char *name)
{
	std::string path(self);

	return path.substr(0, path.rfind('/') + 1) + name;
}

void run(const Hv &hv, const std::string &payload)
{
	owned<hvctl_spec> spec(hvctl_spec_new());
	std::string settings = "{ \"name\": \"cxx\", \"memory\": \"16M\", \"debug-exit\": 244,\n"
			       "  \"kernel\": \"" + payload + "\", \"kernel-type\": \"flat\" }";
	hvctl_guest *end = nullptr;
	char *text = nullptr;
	std::uint64_t id;

	hv.must(hvctl_spec_from_json(hv.get(), spec.get(), settings.data(), settings.size()));
	hv.must(hvctl_create(hv.get(), spec.get(), &id));
	check(true, "a guest from JSON");
	hv.must(hvctl_start(hv.get(), id));
	hv.must(hvctl_wait(hv.get(), id, 60000, &end));
	owned<hvctl_guest> stopped(end);
	check(stopped->stop_reason == HV_STOP_REASON_DEBUG_EXIT, "it ends by its debug exit");

	std::vector<unsigned char> bytes(4096, 0xa5), back(4096);
	hv.must(hvctl_memory_write(hv.get(), id, 0x200ff8, bytes.data(), bytes.size()));
	hv.must(hvctl_memory_read(hv.get(), id, 0x200ff8, back.data(), back.size()));
	check(bytes == back, "memory comes back as it was written");
	check(hvctl_memory_read(hv.get(), id, (16 << 20) - 1, back.data(), 2) < 0,
	      "but not beyond its end");

	hvctl_spec *of = nullptr;
	hv.must(hvctl_spec_of(hv.get(), id, &of));
	owned<hvctl_spec> same(of);
	hv.must(hvctl_spec_to_json(hv.get(), same.get(), &text));
	owned<char> json(text);
	check(std::string(text).find(payload) != std::string::npos, "what it was made from");
	hv.must(hvctl_remove(hv.get(), id));
	check(hvctl_lookup(hv.get(), "cxx", &id) < 0, "nothing is left");
}

} // namespace

int main(int, char **argv)
{
	if (access("/dev/hv", R_OK | W_OK)) {
		std::printf("1..0 # SKIP no access to /dev/hv\n");
		return 4;
	}
	std::printf("TAP version 13\n");
	try {
		run(Hv(), beside(argv[0], "payload_hello.bin"));
	} catch (const std::exception &e) {
		check(false, e.what());
	}
	std::printf("1..%d\n", number);
	return failed;
}
