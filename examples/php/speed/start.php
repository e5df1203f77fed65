<?php
echo "started\n";
