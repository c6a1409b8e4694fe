// A droplet's own clock. Linux has one for all containers of a machine, so this library, which every program of a
// droplet loads (/etc/ld.so.preload), adds the droplet's skew to the time of day that the C library tells. The skew
// is in a file that the hypervisor writes, in nanoseconds, and all programs follow it at once. Who asks the kernel
// without this library sees the true time: programs in Go, and those in containers. So do the dates of files.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
// Later than any time of day: "never", to whoever waits for it.
#define NEVER (1LL << 40)
// The C library's own function, behind the one of that name here.
#define THEIRS(name) \
  static __typeof__(&name) theirs; \
  if (!theirs) theirs = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static const int64_t none = 0;
static const volatile int64_t *skew = &none;

// At the start, as a program may not open files later.
__attribute__((constructor)) static void map_skew(void) {
  int before = errno, file = open("/run/clock-skew", O_RDONLY | O_CLOEXEC);
  struct stat found;
  if (file >= 0 && fstat(file, &found) == 0 && found.st_size >= (off_t)sizeof *skew) {
    void *map = mmap(NULL, sizeof *skew, PROT_READ, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) skew = map;
  }
  if (file >= 0) close(file);
  errno = before;
}

static int is_skewed(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static struct timespec plus(struct timespec when, int64_t nanoseconds) {
  int64_t fraction = when.tv_nsec + nanoseconds % SECOND;
  when.tv_sec += nanoseconds / SECOND + (fraction >= SECOND) - (fraction < 0);
  when.tv_nsec = (fraction + SECOND) % SECOND;
  return when;
}

// The kernel's time of a moment that the program gave. Of one before 1970, which the kernel refuses, only that it is
// over.
static struct timespec truly(struct timespec when) {
  if (when.tv_sec >= NEVER) return when;
  struct timespec moment = plus(when, -*skew);
  return moment.tv_sec < 0 ? (struct timespec){0, 1} : moment;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  THEIRS(clock_gettime);
  int result = theirs(clock, now);
  if (result == 0 && is_skewed(clock)) *now = plus(*now, *skew);
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  THEIRS(gettimeofday);
  int result = theirs(now, zone);
  if (result == 0 && now) {
    struct timespec skewed = plus((struct timespec){now->tv_sec, now->tv_usec * 1000}, *skew);
    *now = (struct timeval){skewed.tv_sec, skewed.tv_nsec / 1000};
  }
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *now, int base) {
  THEIRS(timespec_get);
  int result = theirs(now, base);
  if (result == TIME_UTC) *now = plus(*now, *skew);
  return result;
}

// Who waits until a time of day waits until it is that time here.

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *rest) {
  THEIRS(clock_nanosleep);
  if (!is_skewed(clock) || !(flags & TIMER_ABSTIME)) return theirs(clock, flags, until, rest);
  struct timespec moment = truly(*until);
  return theirs(clock, flags, &moment, rest);
}

// Whose timers go by the time of day; a number that is used again is created again.
static char by_day[4096];

int timerfd_create(clockid_t clock, int flags) {
  THEIRS(timerfd_create);
  int file = theirs(clock, flags);
  if (file >= 0 && file < (int)sizeof by_day)
    by_day[file] = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
  return file;
}

int timerfd_settime(int file, int flags, const struct itimerspec *timer, struct itimerspec *old) {
  THEIRS(timerfd_settime);
  struct itimerspec moment = *timer;
  int is_set = timer->it_value.tv_sec || timer->it_value.tv_nsec;
  if (is_set && (flags & TFD_TIMER_ABSTIME) && file >= 0 && file < (int)sizeof by_day && by_day[file])
    moment.it_value = truly(timer->it_value);
  return theirs(file, flags, &moment, old);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
  THEIRS(sem_timedwait);
  struct timespec moment = truly(*until);
  return theirs(semaphore, &moment);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
  THEIRS(pthread_mutex_timedlock);
  struct timespec moment = truly(*until);
  return theirs(mutex, &moment);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  THEIRS(pthread_cond_timedwait);
  // The C library notes here, in bit 1, that a condition goes by the monotonic clock.
  struct timespec moment = condition->__data.__wrefs & 2 ? *until : truly(*until);
  return theirs(condition, mutex, &moment);
}
