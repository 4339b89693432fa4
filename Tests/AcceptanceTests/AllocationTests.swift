import Foundation
import Testing

extension UnderLoad {
  /// In its steady state a worker allocates nothing per event.
  @Suite struct AllocationTests {
    /// Counts the allocations of each thread into a file that the test reads while the daemon runs.
    private static let counter = """
      #define _GNU_SOURCE
      #include <fcntl.h>
      #include <stddef.h>
      #include <stdlib.h>
      #include <sys/mman.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      #define SLOTS 512
      struct slot { unsigned long thread, count; };
      static struct slot *slots;
      static int used;
      static __thread struct slot *mine __attribute__((tls_model("initial-exec")));
      extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
      extern void *__libc_memalign(size_t, size_t);
      __attribute__((constructor)) static void open_counts(void) {
        const char *name = getenv("ALLOCATION_COUNTS");
        int file = name ? open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
        if (file < 0 || ftruncate(file, SLOTS * sizeof(struct slot)) != 0) return;
        void *map = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (map != MAP_FAILED) slots = map;
        close(file);
      }
      static void count(void) {
        if (!slots) return;
        if (!mine) {
          int index = __sync_fetch_and_add(&used, 1);
          if (index >= SLOTS) return;
          mine = &slots[index];
          mine->thread = syscall(SYS_gettid);
        }
        mine->count++;
      }
      void *malloc(size_t n) { count(); return __libc_malloc(n); }
      void *calloc(size_t n, size_t m) { count(); return __libc_calloc(n, m); }
      void *realloc(void *p, size_t n) { count(); return __libc_realloc(p, n); }
      void *memalign(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
      void *aligned_alloc(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
      int posix_memalign(void **p, size_t a, size_t n) {
        count();
        *p = __libc_memalign(a, n);
        return *p ? 0 : 12;
      }

      """

    /// Allocations so far of the thread whose name begins with `prefix`.
    private func allocations(
      _ daemon: DaemonProcess, _ counts: String, by prefix: String
    ) throws -> Int {
      let tasks = "/proc/\(daemon.pid)/task"
      let names = try FileManager.default.contentsOfDirectory(atPath: tasks)
      let thread = try #require(names.first { text(of: "\(tasks)/\($0)/comm").hasPrefix(prefix) })
      let words = try unsafe Data(contentsOf: URL(fileURLWithPath: counts)).withUnsafeBytes {
        unsafe Array($0.bindMemory(to: UInt.self))
      }
      for index in stride(from: 0, to: words.count, by: 2) where words[index] == UInt(thread) {
        return Int(words[index + 1])
      }
      // A thread that never allocated has no slot.
      return 0
    }

    private func wait(_ daemon: DaemonProcess, for messages: Int) async throws {
      try await eventually("\(messages) messages are decided and written", within: .seconds(120)) {
        let metrics = try await daemon.scrape()
        return metrics.datagrams + metrics.frames + metrics.kernelDropped >= messages
          && metrics.auditPending == 0
      }
    }

    @Test(arguments: ["all", "matched"], ["udp", "tcp"])
    func nothingPerEvent(auditEvents: String, transport: String) async throws {
      try await Workspace.with("allocations") { workspace in
        let source = try workspace.write(Self.counter, to: "counter.c")
        let library = workspace.file("counter.so")
        try await Tool.succeed("cc", ["-shared", "-fPIC", "-O2", "-o", library, source], in: workspace)
        let counts = workspace.file("counts")
        var settings = DaemonSettings(rules: SampleRules.yaml)
        settings.auditEvents = auditEvents
        let port = transport == "udp" ? try FreePort.datagram() : try FreePort.stream()
        let daemon = try await DaemonPlace(workspace, settings).start(
          environment: [
            "LD_PRELOAD": library, "ALLOCATION_COUNTS": counts,
            "MUTT_LISTEN_SYSLOG": "['\(transport)://127.0.0.1:\(port)']",
          ])
        defer { daemon.child.signal(9) }

        // Half of them match nothing, half are recorded.
        let message = { @Sendable (number: Int) in
          NumberedMessage.syslog(
            number, words: number % 2 == 0 ? "nothing to see" : "configured from console")
        }
        let send: (Range<Int>) async throws -> Void
        let thread: String
        if transport == "udp" {
          let sender = try UDPSender(port: port)
          send = { try await sender.send($0, rate: 10_000, message: message) }
          thread = "syslog-"
        } else {
          let sender = try TCPSender(port: port)
          send = { try await sender.send($0, rate: 10_000, message: message) }
          thread = "tcp-"
        }
        let warmUp = 50_000
        let events = 100_000
        try await send(0..<warmUp)
        try await wait(daemon, for: warmUp)
        let before = try allocations(daemon, counts, by: thread)
        try await send(warmUp..<warmUp + events)
        try await wait(daemon, for: warmUp + events)
        let during = try allocations(daemon, counts, by: thread) - before
        print("\(transport), audit \(auditEvents): \(during) allocations by the worker over \(events) events")
        // A batch may cost a few (it is handed over to another thread), and a batch is many events, on a
        // busy machine fewer of them, since it also leaves by the clock. A connection is read often, and a
        // read costs some in a build that is not optimised: fewer than one for two lines.
        let most = transport == "udp" ? events / 50 : events / 2
        #expect(during < most, "allocations by the worker over \(events) events")
        await daemon.kill()
      }
    }
  }
}
