/* One line from the terminal with echo off. The signals that would leave the terminal silent are blocked but for the
 * wait itself (pselect), so that none can slip in between a check and a read. Knows nothing of passwords' rules. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#include "sqlauth/secret.h"

#define LINE_SIZE (CLI_TERMINAL_LINE_BYTES_MAX + 2) /* one byte too many, and the newline */

/* Signals that end or stop the process by default and can come while echo is off. SIGTTIN and SIGTTOU stop a
 * background process before it has changed anything, and may do so. */
static const int watched[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught;

struct held_signals {
	struct sigaction actions[WATCHED];
	sigset_t mask; /* as it was: the one to wait with */
};

static void note_signal(int number)
{
	caught = number;
}

static void hold_signals(struct held_signals *held_r)
{
	struct sigaction action = {.sa_handler = note_signal};
	sigset_t set;

	caught = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	for (size_t i = 0; i < WATCHED; i++)
		sigaddset(&set, watched[i]);
	sigprocmask(SIG_BLOCK, &set, &held_r->mask);
	for (size_t i = 0; i < WATCHED; i++) {
		sigaction(watched[i], NULL, &held_r->actions[i]);
		if (held_r->actions[i].sa_handler != SIG_IGN) /* nohup stays nohup */
			sigaction(watched[i], &action, NULL);
	}
}

/* A signal that came after the wait takes its usual effect here. */
static void release_signals(const struct held_signals *held)
{
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &held->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &held->mask, NULL);
}

static int set_terminal(int tty, const struct termios *settings)
{
	int result;

	do {
		result = tcsetattr(tty, TCSAFLUSH, settings);
	} while (result != 0 && errno == EINTR);
	return result;
}

static enum cli_terminal_result write_all(int tty, const char *string)
{
	for (size_t left = strlen(string); left > 0;) {
		ssize_t written = write(tty, string, left);

		if (written < 0 && errno != EINTR)
			return CLI_TERMINAL_FAILED;
		if (written > 0) {
			string += written;
			left -= (size_t)written;
		}
	}
	return CLI_TERMINAL_LINE;
}

static enum cli_terminal_result wait_for_input(int tty, const sigset_t *mask)
{
	fd_set readable;

	for (;;) {
		FD_ZERO(&readable);
		FD_SET(tty, &readable);
		if (pselect(tty + 1, &readable, NULL, NULL, NULL, mask) >= 0)
			return CLI_TERMINAL_LINE;
		if (errno != EINTR)
			return CLI_TERMINAL_FAILED;
		if (caught)
			return CLI_TERMINAL_SIGNAL;
	}
}

static enum cli_terminal_result read_line(int tty, const sigset_t *mask, char *line, size_t *length_r)
{
	size_t length = 0;

	while (length <= CLI_TERMINAL_LINE_BYTES_MAX) {
		enum cli_terminal_result result = wait_for_input(tty, mask);
		ssize_t got;

		if (result != CLI_TERMINAL_LINE)
			return result;
		got = read(tty, line + length, LINE_SIZE - length);
		if (got == 0)
			return CLI_TERMINAL_END;
		if (got < 0 && errno != EINTR)
			return CLI_TERMINAL_FAILED;
		length += got > 0 ? (size_t)got : 0;
		if (length > 0 && length <= CLI_TERMINAL_LINE_BYTES_MAX + 1 && line[length - 1] == '\n') {
			line[--length] = '\0';
			*length_r = length;
			return CLI_TERMINAL_LINE;
		}
	}
	return CLI_TERMINAL_TOO_LONG;
}

/* Asks once, with the signals held. */
static enum cli_terminal_result ask(int tty, const sigset_t *mask, const char *prompt, char *line, size_t *length_r)
{
	enum cli_terminal_result result;
	struct termios before, silent;

	if (tcgetattr(tty, &before) != 0)
		return CLI_TERMINAL_FAILED;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	silent.c_lflag |= ICANON | ISIG;
	if (set_terminal(tty, &silent) != 0)
		return CLI_TERMINAL_FAILED;
	result = write_all(tty, prompt);
	if (result == CLI_TERMINAL_LINE)
		result = read_line(tty, mask, line, length_r);
	if (set_terminal(tty, &before) != 0 && result == CLI_TERMINAL_LINE)
		result = CLI_TERMINAL_FAILED;
	(void)write_all(tty, "\n"); /* the one that was typed was not shown */
	return result;
}

enum cli_terminal_result cli_terminal_ask_secret(const char *prompt, char line_r[LINE_SIZE], size_t *length_r)
{
	enum cli_terminal_result result;
	struct held_signals held;
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int error;

	if (tty < 0)
		return CLI_TERMINAL_NONE;
	do {
		hold_signals(&held);
		result = tty < FD_SETSIZE ? ask(tty, &held.mask, prompt, line_r, length_r) : CLI_TERMINAL_FAILED;
		error = errno;
		if (result != CLI_TERMINAL_LINE)
			sqlauth_secret_wipe(line_r, LINE_SIZE);
		release_signals(&held);
		if (result == CLI_TERMINAL_SIGNAL)
			raise(caught); /* ends the process, or stops it until SIGCONT */
	} while (result == CLI_TERMINAL_SIGNAL);
	close(tty);
	errno = error;
	return result;
}
