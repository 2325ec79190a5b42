/* `sqlauth completion`: scripts for bash and zsh, made from the table of commands, so that they never lag behind it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct cli_option no_options[] = {{NULL, 0, NULL, NULL}};

/* ---- what both shells share: functions in POSIX words */

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

/* What the value of an option may be, where that is a word of ours. */
static const struct {
	const char *option, *words;
} values[] = {
	{"sort", "name -name authentication -authentication username -username created -created updated -updated"},
	{"match-by", "fingerprint subject common_name dns email uri"},
	{"authentication", "credentials certificate"},
	{"from", "2.0 2.1"},
};

/* Both spellings of an option, with blanks behind. */
static void print_spellings(const struct cli_option *option)
{
	printf("--%s ", option->name);
	if (option->letter)
		printf("-%c ", option->letter);
}

static void print_options_with_values(const struct cli_option *options)
{
	for (; options && options->name; options++) {
		if (options->argument)
			print_spellings(options);
	}
}

/* The options behind which a value stands: that is no noun and no verb. */
static void print_takers(void)
{
	puts("_sqlauth_takers() {\n\tcase $1 in");
	for (size_t i = 0; i < cli_command_count; i++) {
		printf("\t\"%s\") echo \"", cli_commands[i]->name);
		print_options_with_values(cli_commands[i]->options);
		print_options_with_values(cli_common_options);
		puts("\" ;;");
	}
	printf("\t*) echo \"");
	print_options_with_values(cli_common_options);
	puts("\" ;;\n\tesac\n}\n");
}

static void print_values_of(const struct cli_option *option)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(option->name, values[i].option) != 0)
			continue;
		printf("\t--%s", option->name);
		if (option->letter)
			printf(" | -%c", option->letter);
		printf(") echo \"%s\" ;;\n", values[i].words);
	}
}

/* Per command, for a letter means another option elsewhere. */
static void print_values(void)
{
	puts("_sqlauth_values() {\n\tcase $1 in");
	for (size_t i = 0; i < cli_command_count; i++) {
		printf("\t\"%s\") case $2 in\n", cli_commands[i]->name);
		for (const struct cli_option *option = cli_commands[i]->options; option && option->name; option++)
			print_values_of(option);
		puts("\tesac ;;");
	}
	puts("\tesac\n}\n");
}

/* The words among the operands: those in lower case, such as publish|subscribe. */
static void print_words(void)
{
	puts("_sqlauth_words() {\n\tcase $1 in");
	for (size_t i = 0; i < cli_command_count; i++) {
		const char *word = cli_commands[i]->operands;

		printf("\t\"%s\") echo \"", cli_commands[i]->name);
		for (size_t length; *word; word += length + (word[length] != '\0')) {
			length = strcspn(word, " |[]");
			if (length > 0 && strspn(word, "abcdefghijklmnopqrstuvwxyz_") == length)
				printf("%.*s ", (int)length, word);
		}
		puts("\" ;;");
	}
	puts("\tesac\n}\n");
}

/* ---- what differs: the words before the cursor are read, and the one under it is completed as an option's value, an
 * option, the next word of a command, a word among the operands, or a file */

static const char bash[] = "_sqlauth() {\n"
			   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} name= word taker= last=- offer\n"
			   "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			   "\t\t[[ $word == = ]] && continue\n"
			   "\t\tif [[ $taker ]]; then taker=; continue; fi\n"
			   "\t\tcase \" $(_sqlauth_takers \"$name\") \" in\n"
			   "\t\t*\" $word \"*) taker=$word; continue ;;\n"
			   "\t\tesac\n"
			   "\t\tcase \" $(_sqlauth_next \"$name\") \" in\n"
			   "\t\t*\" $word \"*) name=${name:+$name }$word ;;\n"
			   "\t\t*) last=$word ;;\n"
			   "\t\tesac\n"
			   "\tdone\n"
			   "\t[[ $cur == = ]] && cur=\n"
			   "\tif [[ $taker ]]; then\n"
			   "\t\toffer=$(_sqlauth_values \"$name\" \"$taker\")\n"
			   "\telif [[ $cur == -* ]]; then\n"
			   "\t\toffer=$(_sqlauth_options \"$name\")\n"
			   "\telse\n"
			   "\t\toffer=$(_sqlauth_next \"$name\")\n"
			   "\t\tcase \" $(_sqlauth_words \"$name\") \" in\n"
			   "\t\t*\" $last \"*) ;;\n"
			   "\t\t*) offer+=\" $(_sqlauth_words \"$name\")\" ;;\n"
			   "\t\tesac\n"
			   "\tfi\n"
			   "\tmapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$cur\")\n"
			   "\t[[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
			   "}\n"
			   "complete -o filenames -F _sqlauth sqlauth";

static const char zsh[] = "_sqlauth() {\n"
			  "\tlocal name= word taker= last=-\n"
			  "\tlocal -a offer\n"
			  "\tfor word in \"${(@)words[2,CURRENT-1]}\"; do\n"
			  "\t\tif [[ -n $taker ]]; then taker=; continue; fi\n"
			  "\t\tcase \" $(_sqlauth_takers \"$name\") \" in\n"
			  "\t\t*\" $word \"*) taker=$word; continue ;;\n"
			  "\t\tesac\n"
			  "\t\tcase \" $(_sqlauth_next \"$name\") \" in\n"
			  "\t\t*\" $word \"*) name=${name:+$name }$word ;;\n"
			  "\t\t*) last=$word ;;\n"
			  "\t\tesac\n"
			  "\tdone\n"
			  "\tif [[ -n $taker ]]; then\n"
			  "\t\toffer=(${=\"$(_sqlauth_values \"$name\" \"$taker\")\"})\n"
			  "\telif [[ $words[CURRENT] == -* ]]; then\n"
			  "\t\toffer=(${=\"$(_sqlauth_options \"$name\")\"})\n"
			  "\telse\n"
			  "\t\toffer=(${=\"$(_sqlauth_next \"$name\")\"})\n"
			  "\t\t[[ \" $(_sqlauth_words \"$name\") \" == *\" $last \"* ]] ||\n"
			  "\t\t\toffer+=(${=\"$(_sqlauth_words \"$name\")\"})\n"
			  "\tfi\n"
			  "\tif ((${#offer})); then compadd -- $offer; else _files; fi\n"
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
	print_takers();
	print_values();
	print_words();
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
