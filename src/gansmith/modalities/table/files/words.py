"""First names that are common somewhere: a column with many of them is likely to hold people."""

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = frozenset(
    (  # noqa: SIM905 - a list of quoted words reads worse
        "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew "
        "Anthony Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy "
        "Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin "
        "Samuel Frank Gregory Raymond Alexander Patrick Jack Dennis Jerry Tyler Aaron Jose Adam Henry "
        "Nathan Peter Zachary Kyle Walter Harold Jeremy Ethan Carl Keith Roger Gerald Christian Terry "
        "Sean Arthur Austin Noah Lawrence Jesse Joe Bryan Billy Jordan Albert Dylan Bruce Willie Gabriel "
        "Alan Juan Logan Wayne Ralph Roy Eugene Randy Vincent Russell Louis Philip Bobby Johnny Bradley "
        "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty "
        "Margaret Sandra Ashley Kimberly Emily Donna Michelle Carol Amanda Dorothy Melissa Deborah "
        "Stephanie Rebecca Sharon Laura Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma "
        "Nicole Helen Samantha Katherine Christine Debra Rachel Carolyn Janet Catherine Maria Heather "
        "Diane Ruth Julie Olivia Joyce Virginia Victoria Kelly Lauren Christina Joan Evelyn Judith Megan "
        "Andrea Cheryl Hannah Jacqueline Martha Gloria Teresa Ann Sara Madison Frances Kathryn Janice "
        "Jean Abigail Alice Julia Judy Sophia Grace Denise Amber Doris Marilyn Danielle Beverly Isabella "
        "Theresa Diana Natalie Brittany Charlotte Marie Kayla Alexis Lori Hans Wolfgang Klaus Jürgen "
        "Dieter Manfred Uwe Günter Stefan Andreas Karl Anke Sabine Petra Monika Ursula Claudia Birgit "
        "Pierre Michel André Philippe Alain Nicolas Luc Claire Sophie Camille Isabelle Nathalie Giovanni "
        "Giuseppe Marco Luca Francesco Giulia Chiara Paolo Carlos Luis Antonio Manuel Miguel Pedro Javier "
        "Fernando Diego Pablo Jorge Carmen Ana Lucía Sofía Elena João Rafael Lucas Mateus Ivan Sergei "
        "Olga Natalia Dmitri Anastasia Mohammed Muhammad Mohamed Ahmed Ali Omar Fatima Aisha Hassan "
        "Hussein Ibrahim Yusuf Raj Amit Anil Sanjay Rahul Priya Anita Sunita Wei Li Yan Hiroshi Yuki "
        "Kenji Sakura Minh Nguyen Kim Jin Lars Erik Anders Björn Ingrid Astrid Jan Piotr Katarzyna Pavel "
        "Petr Eva Martin Tomas Simon Oliver Leo Max Felix"
    ).split()
)
