/* `sqlauth completion`: scripts for bash and zsh, made from the table of commands, so that they never lag behind it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

/* ---- what both shells share: two functions in POSIX words */

/* Bytes of the first `words` words of a name; 0 where it has fewer. */
static size_t cut(const char *name, int words)
{
	size_t length = 0;

	for (; words > 0; words--) {
		if (length > 0)
			length++; /* the space */
		length += strcspn(name + length, " ");
		if (name[length] == '\0' && words > 1)
			return 0;
	}
	return length;
}

/* Whether an earlier command has the same first bytes, as whole words. */
static bool is_repeated(size_t command, size_t length)
{
	const char *name = cli_commands[command]->name;

	for (size_t i = 0; i < command; i++) {
		const char *other = cli_commands[i]->name;

		if (strncmp(other, name, length) == 0 && (other[length] == ' ' || other[length] == '\0'))
			return true;
	}
	return false;
}

/* The words that may follow the first `length` bytes of a command's name (0: none), each once. */
static void print_followers(const char *beginning, size_t length, int words)
{
	printf("\t\"%.*s\") echo \"", (int)length, beginning);
	for (size_t i = 0; i < cli_command_count; i++) {
		const char *name = cli_commands[i]->name;
		size_t whole = cut(name, words + 1), from = length > 0 ? length + 1 : 0;

		if (whole > length && strncmp(name, beginning, length) == 0 && (length == 0 || name[length] == ' ') &&
			!is_repeated(i, whole))
			printf("%.*s ", (int)(whole - from), name + from);
	}
	puts("\" ;;");
}

static void print_next(void)
{
	puts("_sqlauth_next() {\n\tcase $1 in");
	print_followers("", 0, 0);
	for (int words = 1; words <= 2; words++) {
		for (size_t i = 0; i < cli_command_count; i++) {
			const char *name = cli_commands[i]->name;
			size_t length = cut(name, words);

			if (length > 0 && name[length] == ' ' && !is_repeated(i, length))
				print_followers(name, length, words);
		}
	}
	puts("\tesac\n}\n");
}

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++)
		printf("--%s ", options->name);
}

static void print_option_lists(void)
{
	puts("_sqlauth_options() {\n\tcase $1 in");
	for (size_t i = 0; i < cli_command_count; i++) {
		printf("\t\"%s\") echo \"", cli_commands[i]->name);
		print_options(cli_commands[i]->options);
		puts("\" ;;");
	}
	printf("\tesac\n\techo \"");
	print_options(cli_common_options);
	puts("\"\n}\n");
}

/* ---- what differs */

static const char bash[] = "_sqlauth() {\n"
			   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} name= word\n"
			   "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			   "\t\tcase \" $(_sqlauth_next \"$name\") \" in\n"
			   "\t\t*\" $word \"*) name=${name:+$name }$word ;;\n"
			   "\t\tesac\n"
			   "\tdone\n"
			   "\tif [[ $cur == -* ]]; then\n"
			   "\t\tCOMPREPLY=($(compgen -W \"$(_sqlauth_options \"$name\")\" -- \"$cur\"))\n"
			   "\telse\n"
			   "\t\tCOMPREPLY=($(compgen -W \"$(_sqlauth_next \"$name\")\" -- \"$cur\"))\n"
			   "\t\t[[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
			   "\tfi\n"
			   "}\n"
			   "complete -o filenames -F _sqlauth sqlauth";

static const char zsh[] = "_sqlauth() {\n"
			  "\tlocal name= word\n"
			  "\tlocal -a next\n"
			  "\tfor word in \"${(@)words[2,CURRENT-1]}\"; do\n"
			  "\t\tcase \" $(_sqlauth_next \"$name\") \" in\n"
			  "\t\t*\" $word \"*) name=${name:+$name }$word ;;\n"
			  "\t\tesac\n"
			  "\tdone\n"
			  "\tif [[ $words[CURRENT] == -* ]]; then\n"
			  "\t\tcompadd -- ${=\"$(_sqlauth_options \"$name\")\"}\n"
			  "\t\treturn\n"
			  "\tfi\n"
			  "\tnext=(${=\"$(_sqlauth_next \"$name\")\"})\n"
			  "\tif ((${#next})); then compadd -- $next; else _files; fi\n"
			  "}\n"
			  "if [[ $funcstack[1] == _sqlauth ]]; then _sqlauth \"$@\"; else compdef _sqlauth sqlauth; fi";

static enum cli_status run(const struct cli_arguments *arguments)
{
	const char *shell = arguments->operand_count == 1 ? arguments->operands[0] : "";
	bool is_zsh = strcmp(shell, "zsh") == 0;

	if (!is_zsh && strcmp(shell, "bash") != 0)
		return cli_complain_usage(arguments->command, "bash or zsh expected");
	if (is_zsh)
		puts("#compdef sqlauth\n");
	print_next();
	print_option_lists();
	puts(is_zsh ? zsh : bash);
	return CLI_DONE;
}

const struct cli_command cli_command_completion = {
	.name = "completion",
	.run = run,
	.operands = "bash|zsh",
	.summary = "print the completion script of a shell",
	.help = "Packages install these scripts. Without one:\n"
		"\n"
		"  source <(sqlauth completion bash)\n"
		"  source <(sqlauth completion zsh)\n",
	.options = no_options,
};
